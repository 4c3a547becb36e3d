/* Prints which of nine points, a cube's corners and its centre, are on the
 * convex hull. */
#include <libqhull_r/qhull_ra.h>
#include <stdio.h>

int main(void) {
  coordT points[9][3] = {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}, {1, 0, 0}, {1, 0, 1}, {1, 1, 0}, {1, 1, 1}, {0.5, 0.5, 0.5}};
  qhT qh_qh;
  qhT *qh = &qh_qh;
  QHULL_LIB_CHECK
  qh_zero(qh, stderr);
  if (qh_new_qhull(qh, 3, 9, &points[0][0], False, "qhull", NULL, stderr)) return 1;
  vertexT *vertex;
  const char *comma = "";
  printf("{\"vertices\": [");
  FORALLvertices {
    printf("%s%d", comma, qh_pointid(qh, vertex->point));
    comma = ", ";
  }
  printf("]}\n");
  qh_freeqhull(qh, qh_ALL);
  return 0;
}
