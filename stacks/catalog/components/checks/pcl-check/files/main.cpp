// Thins out a dense cube of points with a grid of voxels, and looks for the
// point nearest to a place.
#include <cmath>
#include <cstdio>
#include <vector>
#include <pcl/filters/voxel_grid.h>
#include <pcl/kdtree/kdtree_flann.h>
#include <pcl/pcl_config.h>
#include <pcl/point_cloud.h>
#include <pcl/point_types.h>

namespace {

constexpr int side = 20;
constexpr float step = 0.05f;
using Cloud = pcl::PointCloud<pcl::PointXYZ>;

// cube has its points in the middle of the cells of a grid of this step.
Cloud::Ptr cube() {
  Cloud::Ptr cloud(new Cloud);
  for (int x = 0; x < side; x++)
    for (int y = 0; y < side; y++)
      for (int z = 0; z < side; z++) cloud->push_back({(x + 0.5f) * step, (y + 0.5f) * step, (z + 0.5f) * step});
  return cloud;
}

}  // namespace

int main() {
  std::printf("pcl %s\n", PCL_VERSION_PRETTY);
  Cloud::Ptr cloud = cube();
  Cloud thin;
  pcl::VoxelGrid<pcl::PointXYZ> grid;
  grid.setInputCloud(cloud);
  grid.setLeafSize(2 * step, 2 * step, 2 * step);
  grid.filter(thin);
  std::printf("%zu points, %zu after the grid\n", cloud->size(), thin.size());

  pcl::KdTreeFLANN<pcl::PointXYZ> tree;
  tree.setInputCloud(cloud);
  const pcl::PointXYZ place(0.52f, 0.49f, 0.51f);
  std::vector<int> index(1);
  std::vector<float> distance(1);
  if (tree.nearestKSearch(place, 1, index, distance) != 1) return 1;
  const pcl::PointXYZ& found = (*cloud)[index[0]];
  std::printf("nearest to (%.2f, %.2f, %.2f) is (%.3f, %.3f, %.3f)\n", place.x, place.y, place.z, found.x, found.y, found.z);
  const bool right = std::fabs(found.x - 0.525f) < 1e-4f && std::fabs(found.y - 0.475f) < 1e-4f && std::fabs(found.z - 0.525f) < 1e-4f;
  return right ? 0 : 2;
}
