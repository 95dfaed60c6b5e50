#include "external/umbridge/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "external/umbridge/protocol.hpp"
#include "model/curvature.hpp"

namespace aleator::external {
namespace {

using nlohmann::json;
constexpr std::size_t largest_batch = 4096;

// What is wrong with a request, as the protocol says it.
struct Refusal {
  int status;
  const char* type;
  std::string message;
};

HttpReply reply_of(const Refusal& refusal) {
  std::string text = fmt::format("{{\"error\":{{\"type\":\"{}\",\"message\":", refusal.type);
  append_text(text, refusal.message);
  return {refusal.status, text + "}}"};
}

[[noreturn]] void refuse_request(const std::string& message) { throw Refusal{400, "InvalidInput", message}; }

json parsed_object(const std::string& body) {
  json request = parsed_json(body);
  if (!request.is_object())
    refuse_request("the request is not a JSON object (numbers must be finite: JSON has no NaN)");
  return request;
}

std::vector<double> numbers(const json& value, const std::string& what, int size) {
  if (!value.is_array()) refuse_request(what + " must be an array of numbers");
  if (static_cast<int>(value.size()) != size)
    refuse_request(fmt::format("{} has {} numbers, not {}", what, value.size(), size));
  std::vector<double> list;
  for (const json& item : value) {
    if (!item.is_number()) refuse_request(what + " must be an array of numbers");
    list.push_back(item.get<double>());
  }
  return list;
}

const json& member(const json& request, const char* key) {
  const auto found = request.find(key);
  if (found == request.end()) refuse_request(fmt::format("the request has no \"{}\"", key));
  return *found;
}

void require_zero(const json& request, const char* key) {
  const json& index = member(request, key);
  if (!index.is_number_integer() || index.get<long long>() != 0)
    refuse_request(fmt::format("{} = {}: the model has one input and one output vector, number 0", key, index.dump()));
}

void require_no_config(const json& request) {
  const auto config = request.find("config");
  if (config == request.end() || config->is_null() || (config->is_object() && config->empty())) return;
  refuse_request("this model takes no config: its settings stand in the deck that is served");
}

}  // namespace

ModelService::ModelService(std::vector<ServedModel> models, const std::string& host, int port)
    : models_(std::move(models)), server_(host, port, [this](const HttpRequest& request) { return answer(request); }) {}

ModelService::~ModelService() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_closed_ = true;
  }
  answered_.notify_all();
  server_.stop();
}

HttpReply ModelService::answer(const HttpRequest& request) {
  try {
    if (request.path == "/Info") {
      json info{{"protocolVersion", 1.0}, {"models", json::array()}};
      for (const ServedModel& served : models_) info["models"].push_back(served.name);
      return {200, info.dump()};
    }
    const std::string& path = request.path;
    const bool is_known = path == "/InputSizes" || path == "/OutputSizes" || path == "/ModelInfo" ||
                          path == "/Evaluate" || path == "/Gradient" || path == "/ApplyJacobian" ||
                          path == "/ApplyHessian";
    if (!is_known) throw Refusal{404, "InvalidInput", fmt::format("there is nothing at {}", path)};
    if (request.method != "POST") throw Refusal{405, "InvalidInput", fmt::format("{} wants a POST request", path)};
    const json question = parsed_object(request.body);
    const json& name = member(question, "name");
    const auto served =
        std::find_if(models_.begin(), models_.end(), [&](const ServedModel& one) { return name == one.name; });
    if (served == models_.end()) throw Refusal{400, "ModelNotFound", fmt::format("there is no model {}", name.dump())};
    const model::ForwardModel& model = *served->model;
    if (path == "/InputSizes") return {200, fmt::format("{{\"inputSizes\":[{}]}}", model.shape().inputs)};
    if (path == "/OutputSizes") return {200, fmt::format("{{\"outputSizes\":[{}]}}", model.shape().outputs)};
    if (path == "/ModelInfo")
      return {200, json{{"support",
                         {{"Evaluate", true},
                          {"Gradient", model.adjoint() != nullptr},
                          {"ApplyJacobian", model.tangent() != nullptr},
                          {"ApplyHessian", model.adjoint() != nullptr || model.curvature() != nullptr}}}}
                       .dump()};
    const bool is_supported = path == "/Evaluate" || (path == "/ApplyJacobian" && model.tangent() != nullptr) ||
                              (path == "/ApplyHessian" && model.curvature() != nullptr) ||
                              ((path == "/Gradient" || path == "/ApplyHessian") && model.adjoint() != nullptr);
    if (!is_supported)
      throw Refusal{400, "UnsupportedFeature",
                    fmt::format("{} is not supported by model '{}'", path.substr(1), served->name)};
    return answer_question(path == "/Evaluate"        ? Question::evaluate
                           : path == "/Gradient"      ? Question::gradient
                           : path == "/ApplyJacobian" ? Question::jacobian
                                                      : Question::hessian,
                           *served, request.body);
  } catch (const Refusal& refusal) {
    return reply_of(refusal);
  } catch (const std::exception& error) {
    return reply_of({500, "InvalidEvaluation", error.what()});
  }
}

HttpReply ModelService::answer_question(Question question, const ServedModel& served, const std::string& body) {
  const json request = parsed_object(body);
  const model::Shape& shape = served.model->shape();
  require_no_config(request);
  Job job{&served, question, {}, {}, {}, {}, {}, false};
  if (question != Question::evaluate) {
    require_zero(request, "outWrt");
    require_zero(request, question == Question::hessian ? "inWrt1" : "inWrt");
    if (question == Question::hessian) require_zero(request, "inWrt2");
    job.vector = question == Question::jacobian ? numbers(member(request, "vec"), "vec", shape.inputs)
                                                : numbers(member(request, "sens"), "sens", shape.outputs);
    if (question == Question::hessian) job.direction = numbers(member(request, "vec"), "vec", shape.inputs);
  }
  const json& input = member(request, "input");
  if (!input.is_array() || input.size() != 1)
    refuse_request(fmt::format("input must be an array of one vector of {} numbers", shape.inputs));
  job.u = numbers(input[0], "input[0]", shape.inputs);
  wait_for(job);
  if (!job.failure.empty()) throw Refusal{500, "InvalidEvaluation", job.failure};
  for (const double value : job.result)  // a density may be zero
    if (std::isnan(value) || (std::isinf(value) && (value > 0.0 || question != Question::evaluate)))
      throw Refusal{
          500, "InvalidEvaluation",
          fmt::format("{} is not finite: {}", question == Question::evaluate ? "an output" : "a derivative", value)};
  std::string text = "{\"output\":";
  const auto size = static_cast<int>(job.result.size());
  if (question == Question::evaluate)
    append_vectors(text, job.result.data(), {size});
  else
    append_vector(text, job.result.data(), size);
  return {200, text + "}"};
}

void ModelService::wait_for(Job& job) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (is_draining_) {
    job.failure = "the server is being stopped";
    return;
  }
  queue_.push_back(&job);
  arrived_.notify_one();
  answered_.wait(lock, [&] { return job.is_done || is_closed_; });
  if (job.is_done) return;
  queue_.erase(std::remove(queue_.begin(), queue_.end(), &job), queue_.end());
  job.failure = "the server is being stopped";
}

// Those at the head of the queue that ask the same of the same model; to be called with the lock held.
ModelService::Jobs ModelService::take_alike() {
  Jobs jobs;
  std::deque<Job*> others;
  for (Job* const job : queue_) {
    const bool is_alike = jobs.empty() || (job->served == jobs[0]->served && job->question == jobs[0]->question);
    if (is_alike && jobs.size() < largest_batch)
      jobs.push_back(job);
    else
      others.push_back(job);
  }
  queue_ = std::move(others);
  return jobs;
}

void ModelService::run(const std::function<bool()>& should_stop) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    arrived_.wait_for(lock, std::chrono::milliseconds(50), [&] { return !queue_.empty(); });
    is_draining_ = is_draining_ || should_stop();
    if (queue_.empty() && is_draining_) break;
    const Jobs jobs = take_alike();
    if (jobs.empty()) continue;
    lock.unlock();
    run_batch(jobs);
    lock.lock();
    for (Job* const job : jobs) job->is_done = true;
    answered_.notify_all();
  }
  is_closed_ = true;
  lock.unlock();
  answered_.notify_all();
}

void ModelService::run_batch(const Jobs& jobs) {
  const int rows = static_cast<int>(jobs.size());
  const model::Shape& shape = jobs[0]->served->model->shape();
  const model::Batch u("u", rows, shape.inputs);
  for (int row = 0; row < rows; ++row) std::copy(jobs[row]->u.begin(), jobs[row]->u.end(), &u(row, 0));
  const bool is_of_inputs = jobs[0]->question == Question::gradient || jobs[0]->question == Question::hessian;
  const int width = is_of_inputs ? shape.inputs : shape.outputs;
  const model::Batch result("result", rows, width);
  try {
    for (const model::FailedRow& failed : ask_model(jobs, u, result).failed) jobs[failed.row]->failure = failed.reason;
  } catch (const std::exception& error) {
    if (rows == 1) jobs[0]->failure = error.what();
    for (int row = 0; rows > 1 && row < rows; ++row)
      run_batch({jobs[row]});  // one of them: the others have no part in it
    if (rows > 1) return;
  }
  for (int row = 0; row < rows; ++row) jobs[row]->result.assign(&result(row, 0), &result(row, 0) + width);
}

model::RowStatus ModelService::ask_model(const Jobs& jobs, model::ConstBatch u, model::Batch result) {
  const model::ForwardModel& model = *jobs[0]->served->model;
  if (jobs[0]->question == Question::evaluate) return model.evaluate(u, result);
  if (jobs[0]->question == Question::gradient) return gradients(jobs, u, result);
  if (jobs[0]->question == Question::hessian) return hessians(jobs, u, result);
  const std::size_t rows = jobs.size();
  const model::Batch y("y", rows, model.shape().outputs);
  const model::Batch du("du", rows, model.shape().inputs);
  for (std::size_t row = 0; row < rows; ++row)
    std::copy(jobs[row]->vector.begin(), jobs[row]->vector.end(), &du(row, 0));
  return model.tangent()->evaluate_and_pushforward(u, du, y, result);
}

// du = J(u)^T sens
model::RowStatus ModelService::gradients(const Jobs& jobs, model::ConstBatch u, model::Batch du) {
  const model::ForwardModel& model = *jobs[0]->served->model;
  const model::Batch y("y", u.extent(0), model.shape().outputs);
  const auto cotangent = [&jobs](int first_row, model::ConstBatch some, model::Batch dy) {
    for (std::size_t row = 0; row < some.extent(0); ++row) {
      const std::vector<double>& sens = jobs[static_cast<std::size_t>(first_row) + row]->vector;
      std::copy(sens.begin(), sens.end(), &dy(row, 0));
    }
  };
  return model.adjoint()->evaluate_and_pullback(u, y, cotangent, du);
}

// The model's own second derivatives, else differences of its gradients.
model::RowStatus ModelService::hessians(const Jobs& jobs, model::ConstBatch u, model::Batch result) {
  const model::ForwardModel& model = *jobs[0]->served->model;
  const model::Batch dy("dy", u.extent(0), model.shape().outputs), v("v", u.extent(0), u.extent(1));
  for (std::size_t row = 0; row < u.extent(0); ++row) {
    std::copy(jobs[row]->vector.begin(), jobs[row]->vector.end(), &dy(row, 0));
    std::copy(jobs[row]->direction.begin(), jobs[row]->direction.end(), &v(row, 0));
  }
  return model.curvature() != nullptr ? model.curvature()->apply_hessian(u, dy, v, result)
                                      : model::hessian_by_differences(*model.adjoint(), u, dy, v, result);
}

}  // namespace aleator::external
