// Draws a coloured point cloud into a PNG file, looks whether the picture shows
// it, and whether this process loaded one PCL and one VTK.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>
#include <pcl/point_cloud.h>
#include <pcl/point_types.h>
#include <pcl/visualization/pcl_visualizer.h>
#include <vtkImageData.h>
#include <vtkPNGReader.h>
#include <vtkSmartPointer.h>

namespace {

constexpr int width = 640;
constexpr int height = 480;

// spiral is a band of points whose colour goes from red to blue.
pcl::PointCloud<pcl::PointXYZRGB>::Ptr spiral() {
  pcl::PointCloud<pcl::PointXYZRGB>::Ptr cloud(new pcl::PointCloud<pcl::PointXYZRGB>);
  for (int i = 0; i < 5000; i++) {
    const float part = i / 5000.0f;
    pcl::PointXYZRGB p;
    p.x = std::cos(part * 40) * (0.3f + part);
    p.y = std::sin(part * 40) * (0.3f + part);
    p.z = part * 2 - 1;
    p.r = static_cast<std::uint8_t>(255 * (1 - part));
    p.g = 80;
    p.b = static_cast<std::uint8_t>(255 * part);
    cloud->push_back(p);
  }
  return cloud;
}

void draw(const std::string& file) {
  pcl::visualization::PCLVisualizer viewer("cloud-check", true);
  viewer.setSize(width, height);
  viewer.setBackgroundColor(0, 0, 0);
  viewer.addPointCloud<pcl::PointXYZRGB>(spiral(), "spiral");
  viewer.setPointCloudRenderingProperties(pcl::visualization::PCL_VISUALIZER_POINT_SIZE, 3, "spiral");
  viewer.setCameraPosition(3, 3, 3, 0, 0, 0, 0, 0, 1);
  viewer.spinOnce(100);
  viewer.saveScreenshot(file);
}

// look reads the picture and counts its colours and the pixels that are not
// black, the background.
bool look(const std::string& file) {
  vtkSmartPointer<vtkPNGReader> reader = vtkSmartPointer<vtkPNGReader>::New();
  if (!reader->CanReadFile(file.c_str())) {
    std::fprintf(stderr, "there is no picture in %s\n", file.c_str());
    return false;
  }
  reader->SetFileName(file.c_str());
  reader->Update();
  vtkImageData* image = reader->GetOutput();
  int size[3];
  image->GetDimensions(size);
  std::set<std::vector<int>> colours;
  long drawn = 0;
  for (int y = 0; y < size[1]; y++)
    for (int x = 0; x < size[0]; x++) {
      std::vector<int> c;
      for (int i = 0; i < 3; i++) c.push_back(static_cast<int>(image->GetScalarComponentAsDouble(x, y, 0, i)));
      colours.insert(c);
      if (c != std::vector<int>{0, 0, 0}) drawn++;
    }
  std::printf("drawn: %d by %d, %ld pixels, %zu colours\n", size[0], size[1], drawn, colours.size());
  return size[0] == width && size[1] == height && drawn > 1000 && colours.size() > 20;
}

// copies counts the files that this process loaded whose name has a stem.
size_t copies(const std::string& stem) {
  std::set<std::string> files;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::string path = line.substr(slash);
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name.compare(0, stem.size(), stem) == 0 && name.find(".so") != std::string::npos) files.insert(path);
  }
  return files.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  draw(argv[1]);
  if (!look(argv[1])) return 1;
  const size_t pcl = copies("libpcl_visualization"), vtk = copies("libvtkRenderingCore");
  if (pcl != 1 || vtk != 1) {
    std::fprintf(stderr, "this process loaded %zu libpcl_visualization and %zu libvtkRenderingCore\n", pcl, vtk);
    return 2;
  }
  std::printf("one libpcl_visualization, one libvtkRenderingCore\n");
  return 0;
}
