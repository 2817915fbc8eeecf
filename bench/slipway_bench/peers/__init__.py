"""The other servers, as their own documentation shows them."""
