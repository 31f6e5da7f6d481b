"""`python -m commonbeat`"""

from commonbeat.cli import main

if __name__ == "__main__":  # programs of our own start this module again
    main()
