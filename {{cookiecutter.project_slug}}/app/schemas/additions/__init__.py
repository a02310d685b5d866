"""What a schema cannot say: checks by hand on the types that the contract gives, and what lists are asked for, in a module for each noun that needs one."""
