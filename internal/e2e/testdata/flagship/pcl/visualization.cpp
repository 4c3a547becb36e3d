int pclCommon();
int vtkRendering();
int pclVisualization() { return pclCommon() + vtkRendering(); }
