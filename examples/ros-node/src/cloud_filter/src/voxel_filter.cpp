// Subscribes to cloud_in, keeps one point for each voxel, publishes cloud_out.

#include <memory>
#include <string>
#include <utility>

#include <pcl/PCLPointCloud2.h>
#include <pcl/filters/voxel_grid.h>
#include <pcl_conversions/pcl_conversions.h>
#include <rclcpp/rclcpp.hpp>
#include <sensor_msgs/msg/point_cloud2.hpp>

namespace {

using Cloud = sensor_msgs::msg::PointCloud2;

class VoxelFilter : public rclcpp::Node {
 public:
  VoxelFilter() : Node("voxel_filter") {
    // The edge of a voxel, in the unit of the cloud: metres by ROS's custom.
    leaf_ = static_cast<float>(declare_parameter<double>("leaf_size", 0.05));
    publisher_ = create_publisher<Cloud>("cloud_out", 10);
    subscription_ = create_subscription<Cloud>(
        "cloud_in", 10, [this](Cloud::ConstSharedPtr message) { filter(*message); });
  }

 private:
  void filter(const Cloud& message) {
    auto input = std::make_shared<pcl::PCLPointCloud2>();
    pcl_conversions::toPCL(message, *input);

    pcl::VoxelGrid<pcl::PCLPointCloud2> grid;
    grid.setInputCloud(pcl::PCLPointCloud2::ConstPtr(input));
    grid.setLeafSize(leaf_, leaf_, leaf_);
    pcl::PCLPointCloud2 thinned;
    grid.filter(thinned);

    auto output = std::make_unique<Cloud>();
    pcl_conversions::fromPCL(thinned, *output);
    output->header = message.header;  // PCL's stamp counts in microseconds only
    publisher_->publish(std::move(output));
  }

  float leaf_ = 0;
  rclcpp::Publisher<Cloud>::SharedPtr publisher_;
  rclcpp::Subscription<Cloud>::SharedPtr subscription_;
};

}  // namespace

int main(int argc, char** argv) {
  rclcpp::init(argc, argv);
  rclcpp::spin(std::make_shared<VoxelFilter>());
  rclcpp::shutdown();
  return 0;
}
