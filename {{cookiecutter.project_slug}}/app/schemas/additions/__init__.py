"""What a schema cannot say: checks by hand on the types that the contract gives, in a module for each noun that needs one."""
