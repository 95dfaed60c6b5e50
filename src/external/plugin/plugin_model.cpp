#include "external/plugin/plugin_model.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "external/plugin/crash_guard.hpp"

namespace aleator::external {
namespace {

using MakeFunction = decltype(&aleator_plugin_make_v1);
using AboutFunction = decltype(&aleator_plugin_about);
constexpr const char* build_anew = "build it again with find_package(aleator) of this installation";

// The address of a function that the library must export.
template <typename Function>
Function symbol(void* library, const char* name, const std::string& path) {
  void* const address = dlsym(library, name);
  if (address == nullptr)
    throw deck::KeyError("library", fmt::format("{} does not export '{}'", path, name),
                         "a plugin includes aleator/plugin.hpp and has ALEATOR_PLUGIN(Class) in one source file");
  return reinterpret_cast<Function>(address);
}

void* open_library(const deck::File& file, const std::string& path) {
  if (file.text.compare(0, 4,
                        "\x7F"
                        "ELF") != 0)
    throw deck::KeyError("library", fmt::format("{} is no shared library", path),
                         "give the .so file that CMake has built");
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* const why = dlerror();
  throw deck::KeyError("library", fmt::format("cannot be loaded: {}", why != nullptr ? why : path),
                       "ldd shows the libraries that it needs and where they are found");
}

void check_about(const aleator_plugin_about_v1& about, const std::string& path) {
  if (about.api != ALEATOR_PLUGIN_API)
    throw deck::KeyError(
        "library",
        fmt::format("{} was built for version {} of the plugin interface (Aleator {}), this Aleator {} has version {}",
                    path, about.api, about.built_for, core::version(), ALEATOR_PLUGIN_API),
        build_anew);
  const std::string release = about.built_for, text = about.build_id;  // built without the CMake target: "unknown"
  core::info("plugin {}{}{}", path, release == "unknown" ? "" : ": built for Aleator " + release,
             text.empty() ? "" : ", " + text);
}

void flatten(const nlohmann::json& value, const std::string& key,
             std::vector<std::pair<std::string, std::string>>& out) {
  if (value.is_object())
    for (const auto& [name, inner] : value.items()) flatten(inner, key.empty() ? name : key + "." + name, out);
  else
    out.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
}

aleator_plugin_model_v1 make_model(MakeFunction make, const PluginModel::Params& params) {
  std::vector<std::pair<std::string, std::string>> config;
  flatten(nlohmann::json::parse(params.config.text), "", config);
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : config) keys.push_back(key.c_str()), values.push_back(value.c_str());
  aleator_plugin_model_v1 model{};
  std::array<char, 1024> message{};
  int failed = 1;
  const CrashGuard guard({params.library.path.c_str(), "make"});
  try {
    failed = make(params.name.c_str(), keys.data(), values.data(), static_cast<int64_t>(keys.size()), &model,
                  message.data(), message.size());
  } catch (...) {
    throw deck::KeyError("library", "the plugin's make function threw an exception",
                         "it must catch it and return nonzero");
  }
  if (failed != 0) {
    const std::string why(message.data());
    const bool is_name = why.rfind("the library has no model", 0) == 0;
    throw deck::KeyError(is_name                       ? "name"
                         : why.rfind("config", 0) == 0 ? "config"
                                                       : "library",
                         "the plugin says: " + why, "");
  }
  return model;
}

std::vector<std::string> names_of(const char* const* given, int count, char letter) {
  std::vector<std::string> names;
  for (int k = 0; k < count; ++k) names.push_back(given != nullptr ? given[k] : fmt::format("{}[{}]", letter, k));
  return names;
}

// What the two callbacks of a call see.
struct Sink {
  int first, rows, outputs;
  const model::Cotangent* cotangent;
  std::vector<std::string> reasons;  // of each row: empty, or why it failed
  std::exception_ptr exception;
};

void note_failure(void* sink, int64_t row, const char* reason) {
  Sink& own = *static_cast<Sink*>(sink);
  if (row < 0 || row >= own.rows) return;
  own.reasons[row] = reason != nullptr && *reason != '\0' ? reason : "the plugin gave no reason";
}

int fill_cotangent(void* sink, const double* y, double* dy) {
  const OutsideOfPlugin here;
  Sink& own = *static_cast<Sink*>(sink);
  try {
    (*own.cotangent)(own.first, model::ConstBatch(y, own.rows, own.outputs), model::Batch(dy, own.rows, own.outputs));
    return 0;
  } catch (...) {
    own.exception = std::current_exception();
    return 1;
  }
}

std::string input_at_fault(model::ConstBatch u, int row, const std::vector<std::string>& names) {
  for (std::size_t k = 0; k < names.size(); ++k)
    if (!std::isfinite(u(row, k))) return fmt::format("{} = {} is not finite", names[k], u(row, k));
  return {};
}

}  // namespace

deck::Schema<PluginModel::Params> PluginModel::schema() {
  deck::Schema<Params> s("Model in a shared library", "docs/guide/plugins.md");
  s.key("library", &Params::library, "", "the shared library, built against aleator/plugin.hpp").required();
  s.key("name", &Params::name, "", "which of the library's models; may be left out where it has one");
  s.key("config", &Params::config, "", "handed to the model when it is made");
  return s;
}

std::unique_ptr<PluginModel> PluginModel::make(const Params& params, deck::Builder& builder) {
  std::unique_ptr<PluginModel> made;
  // Rank 0 first: what is wrong with the library is then said alike by all ranks.
  const nlohmann::json fault = nlohmann::json::parse(builder.once([&]() -> std::string {
    try {
      made = std::make_unique<PluginModel>(params);
      return "{}";
    } catch (const deck::KeyError& error) {
      return nlohmann::json{{"key", error.key()}, {"hint", error.hint()}, {"error", error.what()}}.dump(
          -1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
  }));
  if (fault.contains("error")) throw deck::KeyError(fault["key"], fault["error"], fault["hint"]);
  if (made) return made;
  try {
    return std::make_unique<PluginModel>(params);
  } catch (const deck::KeyError& error) {  // of this rank alone: nobody else waits to hear of it
    throw core::NumericsError(fmt::format("the plugin could be loaded on rank 0 but not here: {}", error.what()));
  }
}

PluginModel::PluginModel(const Params& params) : name_(params.library.path) {
  const std::string path = std::filesystem::absolute(params.library.path).string();
  void* const library = open_library(params.library, path);  // never closed: its code may be in use to the very end
  const aleator_plugin_about_v1* const about = symbol<AboutFunction>(library, "aleator_plugin_about", path)();
  check_about(*about, path);
  plugin_ = make_model(symbol<MakeFunction>(library, "aleator_plugin_make_v1", path), params);
  if (plugin_.inputs < 1 || plugin_.outputs < 1 || plugin_.evaluate == nullptr || plugin_.destroy == nullptr)
    throw deck::KeyError("library",
                         fmt::format("{}: the model has {} inputs, {} outputs{}", path, plugin_.inputs, plugin_.outputs,
                                     plugin_.evaluate == nullptr ? " and no evaluate function" : ""),
                         "it needs at least one of each");
  shape_.inputs = plugin_.inputs, shape_.outputs = plugin_.outputs;
  shape_.input_names = names_of(plugin_.input_names, plugin_.inputs, 'u');
  shape_.output_names = names_of(plugin_.output_names, plugin_.outputs, 'y');
}

PluginModel::~PluginModel() {
  if (plugin_.destroy != nullptr) plugin_.destroy(plugin_.model);
}

model::RowStatus PluginModel::evaluate(model::ConstBatch u, model::Batch y) const {
  return run(plugin_.evaluate, u, y, {});
}

model::RowStatus PluginModel::evaluate_and_pullback(model::ConstBatch u, model::Batch y,
                                                    const model::Cotangent& cotangent, model::Batch du) const {
  const model::Batch dy(Kokkos::view_alloc("dy", Kokkos::WithoutInitializing), u.extent(0), shape_.outputs);
  Kokkos::deep_copy(du, 0.0);  // adjoint codes add to it
  const model::RowStatus status = run(plugin_.pullback, u, y, {du, dy, {}, &cotangent});
  if (status.ok()) check_.once(*this, u, "plugin " + name_);
  return status;
}

model::RowStatus PluginModel::evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                                       model::Batch dy) const {
  Kokkos::deep_copy(dy, 0.0);  // tangent codes add to it
  const model::RowStatus status = run(plugin_.pushforward, u, y, {{}, dy, du, nullptr});
  if (status.ok()) tangent_check_.once(*this, u, "plugin " + name_, model::GradientCheck::Derivative::tangent);
  return status;
}

// Pieces of consecutive rows whose inputs are finite, so small that the threads share them evenly.
model::RowStatus PluginModel::run(aleator_plugin_function_v1 function, model::ConstBatch u, model::Batch y,
                                  const Arrays& arrays) const {
  const int rows = static_cast<int>(u.extent(0));
  const int threads = plugin_.is_thread_safe != 0 ? static_cast<int>(kernels::HostExec().concurrency()) : 1;
  const int longest = threads == 1 ? std::max(rows, 1) : std::max(1, rows / (8 * threads));
  std::vector<std::pair<int, int>> pieces;
  std::vector<model::FailedRow> unasked;
  for (int row = 0; row < rows; ++row) {
    std::string fault = input_at_fault(u, row, shape_.input_names);
    if (!fault.empty())
      unasked.push_back({row, std::move(fault)});
    else if (!pieces.empty() && pieces.back().second == row && row - pieces.back().first < longest)
      ++pieces.back().second;
    else
      pieces.emplace_back(row, row + 1);
  }
  std::vector<std::vector<model::FailedRow>> failed(pieces.size());
  std::vector<std::exception_ptr> exceptions(pieces.size());
  const auto work = [&](int piece) {
    try {
      failed[piece] = call(function, u, y, arrays, pieces[piece].first, pieces[piece].second);
    } catch (...) {
      exceptions[piece] = std::current_exception();
    }
  };
  if (threads == 1 || pieces.size() < 2)
    for (std::size_t piece = 0; piece < pieces.size(); ++piece) work(static_cast<int>(piece));
  else
    Kokkos::parallel_for("plugin",
                         Kokkos::RangePolicy<kernels::HostExec, Kokkos::Schedule<Kokkos::Dynamic>>(
                             0, pieces.size(), Kokkos::ChunkSize(1)),
                         work);
  for (const std::exception_ptr& exception : exceptions)
    if (exception) std::rethrow_exception(exception);
  model::RowStatus status{std::move(unasked)};
  for (auto& some : failed) status.failed.insert(status.failed.end(), some.begin(), some.end());
  std::sort(status.failed.begin(), status.failed.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  for (const model::FailedRow& one : status.failed)
    for (int i = 0; i < shape_.outputs; ++i) y(one.row, i) = std::numeric_limits<double>::quiet_NaN();
  return status;
}

std::vector<model::FailedRow> PluginModel::call(aleator_plugin_function_v1 function, model::ConstBatch u,
                                                model::Batch y, const Arrays& arrays, int first, int end) const {
  const int rows = end - first;
  Sink sink{first, rows, shape_.outputs, arrays.cotangent, std::vector<std::string>(rows), nullptr};
  const auto at = [first](const auto& batch) { return batch.size() == 0 ? nullptr : &batch(first, 0); };
  const aleator_plugin_call_v1 call{rows,          at(u),           at(y),         at(arrays.du), at(arrays.direction),
                                    at(arrays.dy), &fill_cotangent, &note_failure, &sink};
  std::array<char, 512> message{};
  std::string failure;
  const char* const doing = function == plugin_.evaluate   ? "evaluate"
                            : function == plugin_.pullback ? "pullback (outputs and gradient)"
                                                           : "pushforward (outputs and tangent)";
  try {
    const CrashGuard guard(
        {name_.c_str(), doing, at(u), at(y), rows, shape_.inputs, shape_.outputs, &shape_.input_names});
    const int code = function(plugin_.model, &call, message.data(), message.size());
    if (code != 0) failure = message[0] != '\0' ? message.data() : fmt::format("code {}", code);
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "an exception that is no std::exception";
  }
  if (sink.exception) std::rethrow_exception(sink.exception);
  std::vector<model::FailedRow> failed;
  if (!failure.empty() && rows > 1) {  // one of them: alone, each shows whether it is its fault
    for (int row = first; row < end; ++row)
      for (model::FailedRow& one : this->call(function, u, y, arrays, row, row + 1)) failed.push_back(std::move(one));
    return failed;
  }
  for (int row = 0; row < rows; ++row) {
    std::string reason = !failure.empty() ? "the plugin reports: " + failure : sink.reasons[row];
    for (int i = 0; reason.empty() && i < shape_.outputs; ++i)
      if (std::isnan(y(first + row, i)))
        reason = is_unwritten(y(first + row, i))
                     ? fmt::format("the plugin did not write its output {}", shape_.output_names[i])
                     : fmt::format("the plugin's output {} is not a number", shape_.output_names[i]);
    if (!reason.empty()) failed.push_back({first + row, std::move(reason)});
  }
  return failed;
}

}  // namespace aleator::external
