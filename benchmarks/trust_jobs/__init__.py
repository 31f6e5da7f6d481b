"""What `benchmarks/trust.py` times: one function per run, ours and the peers', each giving a call to be timed."""
