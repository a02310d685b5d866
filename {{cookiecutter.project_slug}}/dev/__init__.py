"""Commands for developers. The service never imports them."""
