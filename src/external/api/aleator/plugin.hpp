#pragma once
/// What      What a model in a shared library of one's own implements, to be used from decks as `model/plugin`.
/// Method    A C interface that stays the same (aleator/plugin.h), and a C++ layer that fills it: derive a class from
///           aleator::plugin::Model and write ALEATOR_PLUGIN(TheClass) once. Needs the standard library and nothing else.
/// Parallel  every rank loads the library and makes its own model. A model whose is_thread_safe() says so is called from
///           several threads at once, each with rows of its own; else one call has all rows of a batch.
/// Cost      a function call a batch.
/// Fails     rows fail by themselves: Rows::fail(row, reason), or NaN in an output. A call that throws is repeated row by row.
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugin.h"  // beside this file, wherever it is installed

namespace aleator::plugin {

/// The deck's table `config`. A key that no one asks for is a mistake, and is reported as one.
class Config {
 public:
  Config(const char* const* keys, const char* const* values, int64_t count) {
    for (int64_t i = 0; i < count; ++i) texts_[keys[i]] = values[i];
  }
  bool has(const std::string& key) const { return find(key) != nullptr; }
  std::string text(const std::string& key) const {
    const std::string* const found = find(key);
    if (found == nullptr) throw std::runtime_error("config has no key '" + key + "'");
    return *found;
  }
  std::string text(const std::string& key, const std::string& otherwise) const {
    return has(key) ? text(key) : otherwise;
  }
  double number(const std::string& key) const { return to_number(key, text(key)); }
  double number(const std::string& key, double otherwise) const { return has(key) ? number(key) : otherwise; }
  int64_t integer(const std::string& key) const {
    const double value = number(key);
    if (value != static_cast<double>(static_cast<int64_t>(value)))
      throw std::runtime_error("config: " + key + " = " + text(key) + " is no whole number");
    return static_cast<int64_t>(value);
  }
  int64_t integer(const std::string& key, int64_t otherwise) const { return has(key) ? integer(key) : otherwise; }
  bool flag(const std::string& key, bool otherwise) const {
    if (!has(key)) return otherwise;
    const std::string value = text(key);
    if (value != "true" && value != "false")
      throw std::runtime_error("config: " + key + " = " + value + " is neither true nor false");
    return value == "true";
  }
  /// `[1.0, 2.5]`
  std::vector<double> numbers(const std::string& key) const {
    const std::string value = text(key);
    std::vector<double> list;
    std::string item;
    for (const char c : value) {
      if (c == ',' || c == ']') {
        if (!item.empty()) list.push_back(to_number(key, item));
        item.clear();
      } else if (c != '[' && c != ' ') {
        item += c;
      }
    }
    if (!item.empty()) list.push_back(to_number(key, item));
    return list;
  }
  /// The first key that was given and not asked for; empty: none.
  std::string unused() const {
    for (const auto& [key, value] : texts_)
      if (asked_.count(key) == 0) return key;
    return {};
  }

 private:
  const std::string* find(const std::string& key) const {
    asked_.insert(key);
    const auto found = texts_.find(key);
    return found == texts_.end() ? nullptr : &found->second;
  }
  static double to_number(const std::string& key, const std::string& value) {
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0') throw std::runtime_error("config: " + key + " = " + value + " is no number");
    return number;
  }
  std::map<std::string, std::string> texts_;
  mutable std::set<std::string> asked_;
};

/// The rows of one call: u(row), y(row) are pointers to the numbers of a row.
class Rows {
 public:
  Rows(const aleator_plugin_call_v1& call, int inputs, int outputs) : call_(call), inputs_(inputs), outputs_(outputs) {}
  int64_t count() const { return call_.rows; }
  const double* u(int64_t row) const { return call_.u + row * inputs_; }
  double* y(int64_t row) const { return call_.y + row * outputs_; }
  /// Of pullback: the cotangents dy, and the place for du = J^T dy.
  const double* dy(int64_t row) const { return call_.dy + row * outputs_; }
  double* du(int64_t row) const { return call_.du + row * inputs_; }
  /// Of pushforward: the directions du, and the place for dy = J du.
  const double* direction(int64_t row) const { return call_.du_in + row * inputs_; }
  double* derivative(int64_t row) const { return call_.dy + row * outputs_; }
  /// This row cannot be computed; its numbers are not used.
  void fail(int64_t row, const std::string& reason) const { call_.fail(call_.sink, row, reason.c_str()); }

 private:
  const aleator_plugin_call_v1& call_;
  int inputs_, outputs_;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual int inputs() const = 0;
  virtual int outputs() const = 0;
  /// As many names as there are numbers, or none.
  virtual std::vector<std::string> input_names() const { return {}; }
  virtual std::vector<std::string> output_names() const { return {}; }
  virtual bool is_thread_safe() const { return false; }
  /// y of each row; what it gives for a row may depend on that row alone.
  virtual void evaluate(const Rows& rows) const = 0;
  virtual bool has_pullback() const { return false; }
  /// du = J^T dy of each row, after evaluate() for the same rows.
  virtual void pullback(const Rows&) const {}
  virtual bool has_pushforward() const { return false; }
  /// dy = J du of each row, after evaluate() for the same rows.
  virtual void pushforward(const Rows&) const {}
};

namespace detail {

inline void say(const char* text, char* message, int64_t size) {
  int64_t i = 0;
  for (; i + 1 < size && text[i] != '\0'; ++i) message[i] = text[i];
  if (size > 0) message[i] = '\0';
}

// Runs the work; no exception leaves the library.
template <typename Work>
int guarded(char* message, int64_t size, const Work& work) {
  try {
    work();
    return 0;
  } catch (const std::exception& error) {
    say(error.what(), message, size);
  } catch (...) {
    say("an exception that is no std::exception", message, size);
  }
  return 1;
}

// A model with the names as the C interface wants them.
struct Holder {
  std::unique_ptr<Model> model;
  std::vector<std::string> names[2];
  std::vector<const char*> pointers[2];
  int inputs = 0, outputs = 0;

  const char* const* keep(int side, std::vector<std::string> texts, int count, const char* what) {
    if (texts.empty()) return nullptr;
    if (static_cast<int>(texts.size()) != count)
      throw std::runtime_error(std::string(what) + " gives " + std::to_string(texts.size()) + " names for " +
                               std::to_string(count) + " numbers");
    names[side] = std::move(texts);
    for (const std::string& name : names[side]) pointers[side].push_back(name.c_str());
    return pointers[side].data();
  }
};

inline int evaluate(void* holder, const aleator_plugin_call_v1* call, char* message, int64_t size) {
  const Holder& own = *static_cast<const Holder*>(holder);
  return guarded(message, size, [&] { own.model->evaluate(Rows(*call, own.inputs, own.outputs)); });
}
inline int pullback(void* holder, const aleator_plugin_call_v1* call, char* message, int64_t size) {
  const Holder& own = *static_cast<const Holder*>(holder);
  return guarded(message, size, [&] {
    const Rows rows(*call, own.inputs, own.outputs);
    own.model->evaluate(rows);
    if (call->cotangent(call->sink, call->y, call->dy) != 0) throw std::runtime_error("the cotangent failed");
    own.model->pullback(rows);
  });
}
inline int pushforward(void* holder, const aleator_plugin_call_v1* call, char* message, int64_t size) {
  const Holder& own = *static_cast<const Holder*>(holder);
  return guarded(message, size, [&] {
    const Rows rows(*call, own.inputs, own.outputs);
    own.model->evaluate(rows);
    own.model->pushforward(rows);
  });
}
inline void destroy(void* holder) { delete static_cast<Holder*>(holder); }

inline void fill(std::unique_ptr<Model> model, aleator_plugin_model_v1& out) {
  auto own = std::make_unique<Holder>();
  own->inputs = model->inputs(), own->outputs = model->outputs();
  out = {};
  out.inputs = own->inputs, out.outputs = own->outputs;
  out.input_names = own->keep(0, model->input_names(), own->inputs, "input_names()");
  out.output_names = own->keep(1, model->output_names(), own->outputs, "output_names()");
  out.is_thread_safe = model->is_thread_safe() ? 1 : 0;
  out.evaluate = &evaluate, out.destroy = &destroy;
  if (model->has_pullback()) out.pullback = &pullback;
  if (model->has_pushforward()) out.pushforward = &pushforward;
  own->model = std::move(model);
  out.model = own.release();
}

}  // namespace detail
}  // namespace aleator::plugin

/// Exports models: ALEATOR_PLUGIN_MODELS({"name", make}, …) with make(const Config&) -> std::unique_ptr<Model>.
#define ALEATOR_PLUGIN_MODELS(...)                                                                                     \
  extern "C" __attribute__((visibility("default"))) const aleator_plugin_about_v1* aleator_plugin_about(void) {        \
    static const aleator_plugin_about_v1 about{ALEATOR_PLUGIN_API, ALEATOR_PLUGIN_BUILT_FOR, ALEATOR_PLUGIN_BUILD_ID}; \
    return &about;                                                                                                     \
  }                                                                                                                    \
  extern "C" __attribute__((visibility("default"))) int aleator_plugin_make_v1(                                        \
      const char* name, const char* const* keys, const char* const* values, int64_t count,                             \
      aleator_plugin_model_v1* model, char* message, int64_t message_size) {                                           \
    return aleator::plugin::detail::guarded(message, message_size, [&] {                                               \
      using Make = std::unique_ptr<aleator::plugin::Model> (*)(const aleator::plugin::Config&);                        \
      const std::map<std::string, Make> models{__VA_ARGS__};                                                           \
      std::string wanted = name, known;                                                                                \
      if (wanted.empty() && models.size() == 1) wanted = models.begin()->first;                                        \
      for (const auto& one : models) known += (known.empty() ? "" : ", ") + one.first;                                 \
      if (models.count(wanted) == 0)                                                                                   \
        throw std::runtime_error("the library has no model '" + wanted + "'; there are: " + known);                    \
      const aleator::plugin::Config config(keys, values, count);                                                       \
      std::unique_ptr<aleator::plugin::Model> made = models.at(wanted)(config);                                        \
      if (const std::string key = config.unused(); !key.empty())                                                       \
        throw std::runtime_error("config has a key '" + key + "' that the model does not know");                       \
      aleator::plugin::detail::fill(std::move(made), *model);                                                          \
    });                                                                                                                \
  }

/// Exports one model, a class that can be made from a Config.
#define ALEATOR_PLUGIN(Class)                                                                         \
  ALEATOR_PLUGIN_MODELS(                                                                              \
      {#Class, [](const aleator::plugin::Config& config) -> std::unique_ptr<aleator::plugin::Model> { \
         return std::make_unique<Class>(config);                                                      \
       }})
