"""`devkit benchmark`: what each operation of the contract costs, against the budgets of the service."""
