#include "external/umbridge/client.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "external/umbridge/handshake.hpp"
#include "external/umbridge/protocol.hpp"

namespace aleator::external {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Names of the numbers in some vectors: those given, one a number or one a vector, else `letter[k]`, `letter0[k]`, ….
std::vector<std::string> flattened_names(const std::vector<std::string>& given, const std::vector<int>& sizes,
                                         const std::string& letter, const std::string& key) {
  const std::size_t total = static_cast<std::size_t>(total_size(sizes));
  if (given.size() == total) return given;
  if (!given.empty() && given.size() != sizes.size())
    throw deck::KeyError(
        key, fmt::format("has {} names for {} vectors of {} numbers in all", given.size(), sizes.size(), total),
        "give one name for each vector, or one for each number");
  std::vector<std::string> names;
  for (std::size_t vector = 0; vector < sizes.size(); ++vector) {
    const std::string stem = !given.empty()      ? given[vector]
                             : sizes.size() == 1 ? letter
                                                 : fmt::format("{}{}", letter, vector);
    for (int k = 0; k < sizes[vector]; ++k)
      names.push_back(sizes[vector] == 1 && !given.empty() ? stem : fmt::format("{}[{}]", stem, k));
  }
  return names;
}

model::ConstBatch one_row(const double* values, int size) { return model::ConstBatch(values, 1, size); }

// One of the vectors that the inputs or outputs consist of.
struct Block {
  int number, first, size;
};

// Those that are not empty.
std::vector<Block> blocks_of(const std::vector<int>& sizes) {
  std::vector<Block> blocks;
  int first = 0;
  for (std::size_t k = 0; k < sizes.size(); first += sizes[k++])
    if (sizes[k] > 0) blocks.push_back({static_cast<int>(k), first, sizes[k]});
  return blocks;
}

bool are_all_zero(const double* values, int size) {
  for (int k = 0; k < size; ++k)
    if (values[k] != 0.0) return false;
  return true;
}

}  // namespace

deck::Schema<UmbridgeModel::Params> UmbridgeModel::schema() {
  deck::Schema<Params> s("Model behind UM-Bridge servers",
                         "Seelinger, Cheng-Seelinger, Davis, Parno, Reinarz 2023, doi:10.21105/joss.04748");
  s.key("urls", &Params::urls, "",
        "addresses of the servers, all with the same model; 'aleator check' asks them for its sizes")
      .required()
      .may_change()
      .example("\"http://localhost:4242\"");
  s.key("name", &Params::name, "", "the model's name on the server; may be left out where it has one model");
  s.key("config", &Params::config, "", "configuration sent with every request");
  s.key("slots", &Params::slots, "1", "requests that a server is sent at once by each rank", deck::between(1, 1024))
      .may_change();
  s.key("timeout_seconds", &Params::timeout_seconds, "s", "a model run that takes longer fails", deck::positive())
      .may_change();
  s.key("connect_seconds", &Params::connect_seconds, "s",
        "a server that takes longer to take a connection is not there", deck::positive())
      .may_change();
  s.key("retries", &Params::retries, "1",
        "further tries of a row that got no answer; one that was too late is tried again where there are several "
        "servers",
        deck::at_least(0))
      .may_change();
  s.key("wait_seconds", &Params::wait_seconds, "s",
        "when no server can be reached any more: how long one is waited for; also how much later the next answer may "
        "come from a server that still works on a request that was too late",
        deck::at_least(0.0))
      .may_change();
  s.choice(
       "unreachable", &Params::unreachable, "when no server could be reached for wait_seconds",
       {{"stop", Unreachable::stop, "the run ends with exit code 3; 'aleator resume' goes on from its last checkpoint"},
        {"reject", Unreachable::reject, "the rows fail like rows the model refuses (on_failure of the problem)"}})
      .may_change();
  s.key("input_names", &Params::input_names, "", "names of the input vectors, or of all inputs");
  s.key("output_names", &Params::output_names, "", "names of the output vectors, or of all outputs");
  return s;
}

std::unique_ptr<UmbridgeModel> UmbridgeModel::make(const Params& params, deck::Builder& builder) {
  if (params.urls.empty()) throw deck::KeyError("urls", "is empty", "give the address of at least one server");
  for (const std::string& url : params.urls) try {
      parse_url(url);
    } catch (const core::UserError& error) {
      throw deck::KeyError("urls", error.what(), "");
    }
  return std::make_unique<UmbridgeModel>(params, ask_servers(params, builder));
}

UmbridgeModel::UmbridgeModel(const Params& params, Description description)
    : unreachable_(params.unreachable),
      rows_at_once_(params.slots * static_cast<int>(params.urls.size())),
      description_(std::move(description)),
      pool_({params.urls,
             params.slots,
             params.retries,
             params.wait_seconds,
             {params.connect_seconds, params.timeout_seconds}}) {
  shape_.inputs = total_size(description_.input_sizes), shape_.outputs = total_size(description_.output_sizes);
  shape_.input_names = flattened_names(params.input_names, description_.input_sizes, "u", "input_names");
  shape_.output_names = flattened_names(params.output_names, description_.output_sizes, "y", "output_names");
  head_ = "{\"name\":";
  append_text(head_, description_.name);
  head_ += ",\"config\":" + params.config.text;
}

model::RowStatus UmbridgeModel::evaluate(model::ConstBatch u, model::Batch y) const {
  return run(u, y, [&](int row, PoolConnection& server) { ask_value(server, &u(row, 0), &y(row, 0)); });
}

model::RowStatus UmbridgeModel::evaluate_and_pullback(model::ConstBatch u, model::Batch y,
                                                      const model::Cotangent& cotangent, model::Batch du) const {
  const model::Batch dy("dy", u.extent(0), shape_.outputs);
  // Value and gradient from one server, one after the other: it may still have the solution.
  const model::RowStatus status = run(u, y, [&](int row, PoolConnection& server) {
    ask_value(server, &u(row, 0), &y(row, 0));
    cotangent(row, one_row(&y(row, 0), shape_.outputs), model::Batch(&dy(row, 0), 1, shape_.outputs));
    ask_gradient(server, &u(row, 0), &dy(row, 0), &du(row, 0));
  });
  if (status.ok()) check_.once(*this, u, "model '" + description_.name + "'");
  return status;
}

model::RowStatus UmbridgeModel::evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                                         model::Batch dy) const {
  const model::RowStatus status = run(u, y, [&](int row, PoolConnection& server) {
    ask_value(server, &u(row, 0), &y(row, 0));
    ask_jacobian(server, &u(row, 0), &du(row, 0), &dy(row, 0));
  });
  if (status.ok())
    tangent_check_.once(*this, u, "model '" + description_.name + "'", model::GradientCheck::Derivative::tangent);
  return status;
}

model::RowStatus UmbridgeModel::apply_hessian(model::ConstBatch u, model::ConstBatch dy, model::ConstBatch du,
                                              model::Batch h) const {
  const model::RowStatus status = run(u, h, [&](int row, PoolConnection& server) {
    ask_hessian(server, &u(row, 0), &dy(row, 0), &du(row, 0), &h(row, 0));
  });
  if (status.ok() && description_.has_gradient)
    curvature_check_.once(*this, u, dy, "model '" + description_.name + "'");
  return status;
}

// Rows with an input that JSON cannot carry fail unasked; a row that fails has NaN results.
model::RowStatus UmbridgeModel::run(model::ConstBatch u, model::Batch result, const RowWork& work) const {
  const int rows = static_cast<int>(u.extent(0));
  const auto checked = [&](int row, PoolConnection& server) {
    for (int k = 0; k < shape_.inputs; ++k)
      if (!std::isfinite(u(row, k)))
        throw UmbridgeError(fmt::format("{} = {} is not finite", shape_.input_names[k], u(row, k)));
    work(row, server);
  };
  const ServerPool::Outcomes outcomes = pool_.run(rows, checked);
  if (!outcomes.unreachable.empty() && unreachable_ == Unreachable::stop)
    throw core::NumericsError(outcomes.unreachable + "; start it and go on with 'aleator resume'");
  model::RowStatus status;
  for (int row = 0; row < rows; ++row) {
    if (outcomes.failures[row].empty()) continue;
    status.failed.push_back({row, outcomes.failures[row]});
    for (std::size_t i = 0; i < result.extent(1); ++i) result(row, i) = not_a_number;
  }
  return status;
}

void UmbridgeModel::ask_value(PoolConnection& server, const double* u, double* y) const {
  read_outputs(server.post("/Evaluate", head_ + input_text(u)), description_.output_sizes, y);
  for (int i = 0; i < shape_.outputs; ++i)
    if (std::isnan(y[i]))
      throw UmbridgeError(fmt::format("the model's output {} is not a number", shape_.output_names[i]));
}

void UmbridgeModel::ask_gradient(PoolConnection& server, const double* u, const double* dy, double* du) const {
  std::fill(du, du + shape_.inputs, 0.0);
  const std::string input = input_text(u);
  const std::vector<Block> inputs = blocks_of(description_.input_sizes), outputs = blocks_of(description_.output_sizes);
  for (const Block& out : outputs) {
    if (are_all_zero(dy + out.first, out.size)) continue;
    for (const Block& in : inputs) {
      std::string body = head_ + fmt::format(",\"outWrt\":{},\"inWrt\":{},\"sens\":", out.number, in.number);
      append_vector(body, dy + out.first, out.size);
      add_answer(server, "/Gradient", body + input, in.size, du + in.first);
    }
  }
}

void UmbridgeModel::ask_jacobian(PoolConnection& server, const double* u, const double* du, double* dy) const {
  std::fill(dy, dy + shape_.outputs, 0.0);
  const std::string input = input_text(u);
  const std::vector<Block> inputs = blocks_of(description_.input_sizes), outputs = blocks_of(description_.output_sizes);
  for (const Block& in : inputs) {
    if (are_all_zero(du + in.first, in.size)) continue;
    for (const Block& out : outputs) {
      std::string body = head_ + fmt::format(",\"outWrt\":{},\"inWrt\":{},\"vec\":", out.number, in.number);
      append_vector(body, du + in.first, in.size);
      add_answer(server, "/ApplyJacobian", body + input, out.size, dy + out.first);
    }
  }
}

void UmbridgeModel::ask_hessian(PoolConnection& server, const double* u, const double* dy, const double* du,
                                double* h) const {
  std::fill(h, h + shape_.inputs, 0.0);
  const std::string input = input_text(u);
  const std::vector<Block> inputs = blocks_of(description_.input_sizes), outputs = blocks_of(description_.output_sizes);
  for (const Block& out : outputs) {
    if (are_all_zero(dy + out.first, out.size)) continue;
    for (const Block& along : inputs) {
      if (are_all_zero(du + along.first, along.size)) continue;
      for (const Block& in : inputs) {
        std::string body = head_ + fmt::format(",\"outWrt\":{},\"inWrt1\":{},\"inWrt2\":{},\"sens\":", out.number,
                                               in.number, along.number);
        append_vector(body, dy + out.first, out.size);
        body += ",\"vec\":";
        append_vector(body, du + along.first, along.size);
        add_answer(server, "/ApplyHessian", body + input, in.size, h + in.first);
      }
    }
  }
}

// The end of a question about u.
std::string UmbridgeModel::input_text(const double* u) const {
  std::string text = ",\"input\":";
  append_vectors(text, u, description_.input_sizes);
  return text + '}';
}

// sum += the `size` numbers that the server answers.
void UmbridgeModel::add_answer(PoolConnection& server, const char* path, const std::string& body, int size,
                               double* sum) {
  std::vector<double> part(static_cast<std::size_t>(size));
  read_output(server.post(path, body), size, part.data());
  for (std::size_t k = 0; k < part.size(); ++k) {
    if (!std::isfinite(part[k])) throw UmbridgeError(fmt::format("the answer to {} is not finite", path));
    sum[k] += part[k];
  }
}

}  // namespace aleator::external
