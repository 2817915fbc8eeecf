"""The resource as types: spec, status, names, reasons, and the CRD that is generated from them."""
