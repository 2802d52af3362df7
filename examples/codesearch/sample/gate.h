/* A gate in C: waits until it is opened. */
#include <pthread.h>

struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t cond;
  int is_open;
};

static inline void gate_open(struct gate* gate) {
  pthread_mutex_lock(&gate->mutex); /* the mutex makes is_open visible */
  gate->is_open = 1;
  pthread_cond_broadcast(&gate->cond);
  pthread_mutex_unlock(&gate->mutex);
}
