int pclVisualization();
int pclRos() { return pclVisualization(); }
