from commonbeat.cli import main

main()
