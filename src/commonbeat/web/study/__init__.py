"""Does a story move what people think? Story experiments in the square, and the register of every sealed study."""
