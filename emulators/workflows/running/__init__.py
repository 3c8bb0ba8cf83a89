"""What runs a definition: values, errors, the interpreter, and the loop that waits for what it waits for."""
