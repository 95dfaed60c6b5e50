#include "external/umbridge/handshake.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/log.hpp"
#include "external/umbridge/protocol.hpp"

namespace aleator::external {
namespace {

using Description = UmbridgeModel::Description;
using nlohmann::json;
constexpr double longest_handshake = 60.0;  // seconds: no model is run
const char* const not_understood = "is this the address of an UM-Bridge server?";

json parsed(const std::string& url, const std::string& path, const HttpMessage& reply) {
  const json answer = parsed_json(reply.body);
  if (reply.status() != 200 || !answer.is_object() || answer.contains("error"))
    throw deck::KeyError(
        "urls", fmt::format("{}{}: {}", url, path, error_in(reply.status(), reply.body)),
        path == "/Info" || reply.status() == 404
            ? not_understood
            : "the server was asked about this model with the settings under config: it may want others");
  return answer;
}

template <typename Value>
Value member(const std::string& url, const std::string& path, const json& answer, const char* key) {
  try {
    return answer.at(key).get<Value>();
  } catch (const json::exception&) {
    throw deck::KeyError(
        "urls", fmt::format("{}{}: the answer has no sound \"{}\": {}", url, path, key, answer.dump().substr(0, 120)),
        not_understood);
  }
}

std::vector<int> sizes_from(const std::string& url, const std::string& path, const json& answer, const char* key) {
  const auto sizes = member<std::vector<int>>(url, path, answer, key);
  bool is_sound = !sizes.empty();
  for (const int size : sizes) is_sound = is_sound && size >= 0 && size <= (1 << 28);
  if (!is_sound || total_size(sizes) < 1)
    throw deck::KeyError("urls", fmt::format("{}{}: the sizes [{}] make no model", url, path, fmt::join(sizes, ", ")),
                         "");
  return sizes;
}

void choose_name(const std::string& url, const json& info, std::string& name) {
  const double version = member<double>(url, "/Info", info, "protocolVersion");
  if (version != 1.0)
    throw deck::KeyError("urls", fmt::format("{}: the server speaks version {} of the protocol, not 1.0", url, version),
                         "a newer or older umbridge package may help");
  const auto names = member<std::vector<std::string>>(url, "/Info", info, "models");
  if (name.empty() && names.size() == 1) name = names.front();
  for (const std::string& one : names)
    if (one == name) return;
  const std::string there_are = fmt::format("there are: {}", fmt::join(names, ", "));
  if (name.empty())
    throw deck::KeyError("name", fmt::format("{} serves {} models: the key says which one is meant", url, names.size()),
                         there_are);
  throw deck::KeyError("name", fmt::format("{} serves no model '{}'", url, name), there_are);
}

Description describe(const UmbridgeModel::Params& params, const std::string& url) {
  HttpClient client(parse_url(url), {params.connect_seconds, std::min(params.timeout_seconds, longest_handshake)});
  Description d{params.name, {}, {}, false, false, false};
  choose_name(url, parsed(url, "/Info", client.request("/Info", nullptr)), d.name);
  std::string question = "{\"name\":";
  append_text(question, d.name);
  const std::string about_model = question + "}";
  question += ",\"config\":" + params.config.text + "}";
  const auto ask = [&](const std::string& path, const std::string& body) {
    return parsed(url, path, client.request(path, &body));
  };
  d.input_sizes = sizes_from(url, "/InputSizes", ask("/InputSizes", question), "inputSizes");
  d.output_sizes = sizes_from(url, "/OutputSizes", ask("/OutputSizes", question), "outputSizes");
  const json support = member<json>(url, "/ModelInfo", ask("/ModelInfo", about_model), "support");
  const auto offers = [&support](const char* what) {
    const auto found = support.find(what);
    return found != support.end() && found->is_boolean() && found->get<bool>();
  };
  if (!offers("Evaluate"))
    throw deck::KeyError("name", fmt::format("{}: the model '{}' does not support Evaluate", url, d.name), "");
  d.has_gradient = offers("Gradient"), d.has_jacobian = offers("ApplyJacobian");
  d.has_hessian = offers("ApplyHessian");
  return d;
}

bool fits(const Description& a, const Description& b) {
  return a.name == b.name && a.input_sizes == b.input_sizes && a.output_sizes == b.output_sizes &&
         a.has_gradient == b.has_gradient && a.has_jacobian == b.has_jacobian && a.has_hessian == b.has_hessian;
}

Description ask_all(const UmbridgeModel::Params& params) {
  std::optional<Description> found;
  std::string first_url, missing;
  for (const std::string& url : params.urls) {
    try {
      const Description one = describe(params, url);
      if (found && !fits(one, *found))
        throw deck::KeyError("urls", fmt::format("{} and {} serve different models '{}'", first_url, url, one.name),
                             "sizes and supported features must be the same on all servers of the list");
      if (!found) found = one, first_url = url;
    } catch (const NetworkError& error) {
      missing += fmt::format("{}{}: {}", missing.empty() ? "" : "; ", url, error.what());
    }
  }
  if (!found)
    throw deck::KeyError("urls", fmt::format("no server answers: {}", missing), "start it first; sizes come from it");
  if (!missing.empty()) core::warn("some servers do not answer now and will be tried again later: {}", missing);
  return *found;
}

// Result or error as text, to be handed to the other ranks.
std::string as_text(const std::function<Description()>& work) {
  try {
    const Description d = work();
    return json{{"name", d.name},
                {"inputs", d.input_sizes},
                {"outputs", d.output_sizes},
                {"gradient", d.has_gradient},
                {"jacobian", d.has_jacobian},
                {"hessian", d.has_hessian}}
        .dump();
  } catch (const deck::KeyError& error) {
    return json{{"key", error.key()}, {"hint", error.hint()}, {"error", error.what()}}.dump(
        -1, ' ', false, json::error_handler_t::replace);
  } catch (const std::exception& error) {
    return json{{"key", "urls"}, {"hint", ""}, {"error", error.what()}}.dump(-1, ' ', false,
                                                                             json::error_handler_t::replace);
  }
}

}  // namespace

Description ask_servers(const UmbridgeModel::Params& params, deck::Builder& builder) {
  const json answer = json::parse(builder.once([&] { return as_text([&] { return ask_all(params); }); }));
  if (answer.contains("error")) throw deck::KeyError(answer["key"], answer["error"], answer["hint"]);
  return {answer["name"],
          answer["inputs"].get<std::vector<int>>(),
          answer["outputs"].get<std::vector<int>>(),
          answer["gradient"],
          answer["jacobian"],
          answer["hessian"]};
}

}  // namespace aleator::external
