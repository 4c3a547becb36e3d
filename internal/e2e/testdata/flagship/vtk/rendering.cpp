int vtkCore();
int vtkRendering() { return vtkCore(); }
