"""`kairos bench learning`: what the adaptive models make of real contacts, against models of other libraries."""
