// Draws squares, finds them, and finds them again in the picture's PNG file.
// With --cuda a GPU resizes the picture.
#include <cstdio>
#include <cstring>
#include <vector>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/opencv_modules.hpp>
#ifdef HAVE_OPENCV_CUDAWARPING
#include <opencv2/cudawarping.hpp>
#endif

namespace {

cv::Mat scene() {
  cv::Mat picture(240, 320, CV_8UC1, cv::Scalar(0));
  for (int i = 0; i < 3; i++) cv::rectangle(picture, cv::Rect(20 + 100 * i, 40 + 50 * i, 40, 40), cv::Scalar(255), cv::FILLED);
  return picture;
}

// squares counts the outlines that have four corners.
int squares(const cv::Mat& picture) {
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(picture.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  int found = 0;
  for (const auto& outline : outlines) {
    std::vector<cv::Point> corners;
    cv::approxPolyDP(outline, corners, 3, true);
    if (corners.size() == 4) found++;
  }
  return found;
}

int on_gpu(const cv::Mat& picture) {
#ifdef HAVE_OPENCV_CUDAWARPING
  cv::cuda::GpuMat in(picture), out;
  cv::cuda::resize(in, out, cv::Size(640, 480), 0, 0, cv::INTER_NEAREST);
  cv::Mat back;
  out.download(back);
  if (squares(back) != 3) return 4;
  std::printf("resized by the GPU\n");
  return 0;
#else
  (void)picture;
  std::fprintf(stderr, "this OpenCV has no CUDA modules\n");
  return 5;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("opencv %s\n", CV_VERSION);
  const cv::Mat picture = scene();
  const int found = squares(picture);
  std::printf("found %d squares\n", found);
  if (found != 3) return 1;
  if (argc > 1 && std::strcmp(argv[1], "--cuda") == 0) return on_gpu(picture);
  if (!cv::imwrite("/tmp/opencv-check.png", picture)) return 2;
  if (squares(cv::imread("/tmp/opencv-check.png", cv::IMREAD_GRAYSCALE)) != found) return 3;
  std::printf("the same from a PNG\n");
  return 0;
}
