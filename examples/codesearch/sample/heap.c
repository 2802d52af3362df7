#include <stddef.h>

static void swap(int *a, int *b) { int t = *a; *a = *b; *b = t; }

/* Moves the value at i down to its place in a heap of n values. */
void sift_down(int *heap, size_t n, size_t i) {
  for (size_t child = 2 * i + 1; child < n; i = child, child = 2 * i + 1) {
    if (child + 1 < n && heap[child + 1] > heap[child]) {
      ++child;
    }
    if (heap[i] >= heap[child]) {
      return;
    }
    swap(&heap[i], &heap[child]);
  }
}
