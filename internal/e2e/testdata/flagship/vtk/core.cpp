int vtkCore() { return 9; }
