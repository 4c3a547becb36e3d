// Writes points on a sphere as a legacy VTK file, reads the file, and compares.
#include <cmath>
#include <cstdio>
#include <vtkCellArray.h>
#include <vtkNew.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataReader.h>
#include <vtkPolyDataWriter.h>
#include <vtkVersion.h>

namespace {

constexpr int count = 50;
constexpr double radius = 2.0;
constexpr const char* file = "/tmp/vtk-check.vtk";

// fill puts points on a spiral from pole to pole.
void fill(vtkPolyData* data) {
  vtkNew<vtkPoints> points;
  vtkNew<vtkCellArray> vertices;
  for (int i = 0; i < count; i++) {
    double height = 1.0 - 2.0 * (i + 0.5) / count;
    double around = std::sqrt(1.0 - height * height);
    double angle = 2.4 * i;
    vtkIdType id = points->InsertNextPoint(radius * around * std::cos(angle), radius * around * std::sin(angle), radius * height);
    vertices->InsertNextCell(1, &id);
  }
  data->SetPoints(points);
  data->SetVerts(vertices);
}

}  // namespace

int main() {
  std::printf("vtk %s\n", vtkVersion::GetVTKVersion());
  vtkNew<vtkPolyData> written;
  fill(written);
  vtkNew<vtkPolyDataWriter> writer;
  writer->SetFileName(file);
  writer->SetInputData(written);
  if (!writer->Write()) return 1;

  vtkNew<vtkPolyDataReader> reader;
  reader->SetFileName(file);
  reader->Update();
  vtkPolyData* read = reader->GetOutput();
  if (read->GetNumberOfPoints() != count || read->GetNumberOfVerts() != count) return 2;
  for (vtkIdType i = 0; i < count; i++) {
    double a[3], b[3];
    written->GetPoint(i, a);
    read->GetPoint(i, b);
    double length = std::sqrt(b[0] * b[0] + b[1] * b[1] + b[2] * b[2]);
    if (std::fabs(length - radius) > 1e-4 || std::fabs(a[2] - b[2]) > 1e-4) return 3;
  }
  std::printf("a sphere of %d points, written and read again\n", count);
  return 0;
}
