// Looks for the nearest of a grid of points, in a fresh index and in one that
// was saved and read again: saving goes through LZ4.
#include <cstdio>
#include <flann/flann.hpp>
#include <vector>

namespace {

constexpr int side = 10;

size_t nearest(flann::Index<flann::L2<float>>& index, float* query) {
  size_t found = 0;
  float distance = 0;
  flann::Matrix<float> q(query, 1, 3);
  flann::Matrix<size_t> indices(&found, 1, 1);
  flann::Matrix<float> distances(&distance, 1, 1);
  index.knnSearch(q, indices, distances, 1, flann::SearchParams(flann::FLANN_CHECKS_UNLIMITED));
  return found;
}

}  // namespace

int main() {
  std::vector<float> points;
  for (int x = 0; x < side; x++)
    for (int y = 0; y < side; y++)
      for (int z = 0; z < side; z++) points.insert(points.end(), {float(x), float(y), float(z)});
  flann::Matrix<float> dataset(points.data(), points.size() / 3, 3);
  float query[] = {5.1f, 5.0f, 4.9f};

  flann::Index<flann::L2<float>> index(dataset, flann::KDTreeIndexParams(4));
  index.buildIndex();
  size_t first = nearest(index, query);
  std::printf("nearest to (5.1, 5.0, 4.9) is point %zu\n", first);

  index.save("/tmp/index.flann");
  flann::Index<flann::L2<float>> saved(dataset, flann::SavedIndexParams("/tmp/index.flann"));
  if (nearest(saved, query) != first) return 1;
  std::printf("the same from a saved index\n");
  return 0;
}
