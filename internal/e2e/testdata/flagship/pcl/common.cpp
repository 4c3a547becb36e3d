int pclCommon() { return 1; }
