//! Other marketplaces' interfaces: AWS and Azure.
