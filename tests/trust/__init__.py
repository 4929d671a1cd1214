"""One file for each promise: the faults it is put under, and the bug that it must see when it is planted."""
