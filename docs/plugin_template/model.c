/* The same cup of coffee in C, at six fixed times; `room` may be set in the table config of the deck.
   cc -O2 -shared -fPIC -I<prefix>/include -o my_model.so model.c -lm */
#include <aleator/plugin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { times = 6 };
static const double at[times] = {0.0, 5.0, 10.0, 20.0, 30.0, 45.0};

struct cup {
  double room;
};

/* y of all rows; with a cotangent also du = J^T dy. */
static int run(const struct cup* cup, const aleator_plugin_call_v1* call, int with_pullback) {
  for (int64_t row = 0; row < call->rows; ++row) {
    const double start = call->u[2 * row], rate = call->u[2 * row + 1];
    for (int i = 0; i < times; ++i) call->y[times * row + i] = cup->room + (start - cup->room) * exp(-rate * at[i]);
    if (rate < 0.0) call->fail(call->sink, row, "a negative rate");
  }
  if (!with_pullback) return 0;
  if (call->cotangent(call->sink, call->y, call->dy) != 0) return 1;
  for (int64_t row = 0; row < call->rows; ++row) {
    const double start = call->u[2 * row], rate = call->u[2 * row + 1];
    double* const du = call->du + 2 * row;
    du[0] = du[1] = 0.0;
    for (int i = 0; i < times; ++i) {
      const double decay = exp(-rate * at[i]), weight = call->dy[times * row + i];
      du[0] += decay * weight;
      du[1] -= at[i] * (start - cup->room) * decay * weight;
    }
  }
  return 0;
}

static int evaluate(void* model, const aleator_plugin_call_v1* call, char* message, int64_t message_size) {
  (void)message, (void)message_size;
  return run(model, call, 0);
}

static int pullback(void* model, const aleator_plugin_call_v1* call, char* message, int64_t message_size) {
  snprintf(message, (size_t)message_size, "the cotangent could not be had");
  return run(model, call, 1);
}

const aleator_plugin_about_v1* aleator_plugin_about(void) {
  static const aleator_plugin_about_v1 about = {ALEATOR_PLUGIN_API, ALEATOR_PLUGIN_BUILT_FOR, ALEATOR_PLUGIN_BUILD_ID};
  return &about;
}

int aleator_plugin_make_v1(const char* name, const char* const* keys, const char* const* values, int64_t count,
                           aleator_plugin_model_v1* model, char* message, int64_t message_size) {
  static const char* const inputs[] = {"start", "rate"};
  struct cup* const cup = malloc(sizeof *cup);
  (void)name;
  cup->room = 20.0;
  for (int64_t i = 0; i < count; ++i) {
    if (strcmp(keys[i], "room") != 0) {
      snprintf(message, (size_t)message_size, "config has a key '%s' that the model does not know", keys[i]);
      free(cup);
      return 1;
    }
    cup->room = atof(values[i]);
  }
  memset(model, 0, sizeof *model);
  model->model = cup;
  model->inputs = 2, model->outputs = times;
  model->input_names = inputs;
  model->is_thread_safe = 1;
  model->evaluate = evaluate, model->pullback = pullback;
  model->destroy = free;
  return 0;
}
