// Finds a plane among stray points with PCL's RANSAC, hands the plane's points
// to VTK, which writes and reads them, and looks whether they lie on it.
#include <cmath>
#include <cstdio>
#include <memory>
#include <pcl/pcl_config.h>
#include <pcl/point_cloud.h>
#include <pcl/point_types.h>
#include <pcl/sample_consensus/ransac.h>
#include <pcl/sample_consensus/sac_model_plane.h>
#include <vtkNew.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataReader.h>
#include <vtkPolyDataWriter.h>
#include <vtkVersion.h>

namespace {

constexpr const char* file = "/tmp/both.vtk";
using Cloud = pcl::PointCloud<pcl::PointXYZ>;

// scene is a tilted plane, z = x/2 + y/4, and points far above it.
Cloud::Ptr scene() {
  Cloud::Ptr cloud(new Cloud);
  for (int x = 0; x < 20; x++)
    for (int y = 0; y < 20; y++) cloud->push_back({x * 0.1f, y * 0.1f, x * 0.05f + y * 0.025f});
  for (int i = 0; i < 30; i++) cloud->push_back({(i * 7 % 20) * 0.1f, (i * 11 % 20) * 0.1f, 3.0f + (i * 13 % 17) * 0.3f});
  return cloud;
}

bool write(const Cloud& cloud, const pcl::Indices& indices) {
  vtkNew<vtkPoints> points;
  for (const auto i : indices) points->InsertNextPoint(cloud[i].x, cloud[i].y, cloud[i].z);
  vtkNew<vtkPolyData> data;
  data->SetPoints(points);
  vtkNew<vtkPolyDataWriter> writer;
  writer->SetFileName(file);
  writer->SetInputData(data);
  return writer->Write() == 1;
}

}  // namespace

int main() {
  std::printf("pcl %s\nvtk %s\n", PCL_VERSION_PRETTY, vtkVersion::GetVTKVersion());
  Cloud::Ptr cloud = scene();
  auto model = std::make_shared<pcl::SampleConsensusModelPlane<pcl::PointXYZ>>(cloud);
  pcl::RandomSampleConsensus<pcl::PointXYZ> ransac(model, 0.01);
  if (!ransac.computeModel()) return 1;
  pcl::Indices inside;
  ransac.getInliers(inside);
  std::printf("the plane has %zu of %zu points\n", inside.size(), cloud->size());
  if (!write(*cloud, inside)) return 2;

  vtkNew<vtkPolyDataReader> reader;
  reader->SetFileName(file);
  reader->Update();
  vtkPolyData* read = reader->GetOutput();
  for (vtkIdType i = 0; i < read->GetNumberOfPoints(); i++) {
    double p[3];
    read->GetPoint(i, p);
    if (std::fabs(p[2] - p[0] / 2 - p[1] / 4) > 1e-3) return 3;
  }
  std::printf("VTK reads %lld points of PCL's, all on it\n", static_cast<long long>(read->GetNumberOfPoints()));
  return 0;
}
