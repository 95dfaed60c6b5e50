#pragma once
/// What      The interface of a plugin: what a shared library exports to be a model of `model/plugin`. For C, and for whatever
///           can call and be called by C; in C++ aleator/plugin.hpp fills it.
/// Method    Two functions of the library, aleator_plugin_about and aleator_plugin_make_v1; plain structs.
/// Parallel  as plugin.hpp.
/// Cost      a function call a batch.
/// Fails     rows by call->fail, calls by a value that is not 0 and a message.
#include <stdint.h>  // NOLINT: for C too

/// The version of the interface; Aleator refuses a library built for another one.
#define ALEATOR_PLUGIN_API 1
#ifndef ALEATOR_PLUGIN_BUILD_ID
#define ALEATOR_PLUGIN_BUILD_ID ""  /* of the plugin; whoever builds it may set one, for the log */
#endif
#ifndef ALEATOR_PLUGIN_BUILT_FOR
#define ALEATOR_PLUGIN_BUILT_FOR "unknown" /* the release of Aleator; set by the CMake target aleator::plugin */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Told of each row that fails; `sink` is that of the call.
typedef void (*aleator_plugin_fail_v1)(void* sink, int64_t row, const char* reason);
/// Fills dy (rows x outputs) from y for the rows of this call; nonzero: it could not.
typedef int (*aleator_plugin_cotangent_v1)(void* sink, const double* y, double* dy);

/// One call of a model. All arrays are stored row by row; those a function does not use are null.
typedef struct {
  int64_t rows;
  const double* u;      ///< rows x inputs: the parameters
  double* y;            ///< rows x outputs: to be filled
  double* du;           ///< rows x inputs: J^T dy, to be filled by pullback
  const double* du_in;  ///< rows x inputs: the directions of pushforward
  double* dy;           ///< rows x outputs: room for the cotangents in pullback; J du_in, to be filled by pushforward
  aleator_plugin_cotangent_v1 cotangent;  ///< of pullback: y -> dy
  aleator_plugin_fail_v1 fail;
  void* sink;
} aleator_plugin_call_v1;

/// Returns 0, or nonzero when the whole call failed: then `message` (of `message_size` bytes) says why.
typedef int (*aleator_plugin_function_v1)(void* model, const aleator_plugin_call_v1* call, char* message,
                                          int64_t message_size);

/// A model made by aleator_plugin_make_v1. Functions the model has not got are null.
typedef struct {
  void* model;
  int32_t inputs, outputs;
  const char* const* input_names;   ///< `inputs` texts, or null
  const char* const* output_names;  ///< `outputs` texts, or null
  int32_t is_thread_safe;
  aleator_plugin_function_v1 evaluate;
  aleator_plugin_function_v1 pullback;     ///< y, then the cotangent, then du
  aleator_plugin_function_v1 pushforward;  ///< y and dy
  void (*destroy)(void* model);
} aleator_plugin_model_v1;

typedef struct {
  int32_t api;            ///< ALEATOR_PLUGIN_API
  const char* built_for;  ///< release of Aleator whose header it was compiled with
  const char* build_id;   ///< of the plugin: stands in the log
} aleator_plugin_about_v1;

/// The two functions a library exports. `make` is given the table `config` of the deck as pairs of texts (keys of inner
/// tables joined by points, arrays as JSON) and the name of the model in the library.
const aleator_plugin_about_v1* aleator_plugin_about(void);
int aleator_plugin_make_v1(const char* name, const char* const* keys, const char* const* values, int64_t count,
                           aleator_plugin_model_v1* model, char* message, int64_t message_size);

#ifdef __cplusplus
}  // extern "C"
#endif
