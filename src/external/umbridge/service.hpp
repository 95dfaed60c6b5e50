#pragma once
/// What      Serves forward models to others by the UM-Bridge protocol.
/// Method    Protocol 1.0: /Info, /ModelInfo, /InputSizes, /OutputSizes, /Evaluate, /Gradient, /ApplyJacobian, /ApplyHessian;
///           each model has one input and one output vector. The action of a Hessian is the model's own, or the
///           central difference of two exact gradients (model/curvature.hpp).
///           Connections have threads of their own, models are run by the one thread that
///           calls run(): it takes all requests that wait for the same model and question as one batch.
/// Parallel  one process; the models' own threads. A reply does not depend on what else is in its batch.
/// Cost      the model's, and some 50 us a request.
/// Fails     UserError when the address cannot be had. Faults of clients and of models are replies: ModelNotFound,
///           UnsupportedFeature, InvalidInput (status 400), InvalidEvaluation (500).
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "external/http/server.hpp"
#include "model/forward_model.hpp"

namespace aleator::external {

struct ServedModel {
  std::string name;
  std::shared_ptr<const model::ForwardModel> model;
};

class ModelService {
 public:
  ModelService(std::vector<ServedModel> models, const std::string& host, int port);
  ~ModelService();
  int port() const { return server_.port(); }
  /// Runs the models for the clients until `should_stop` says so (asked some 20 times a second); requests that wait then
  /// are still answered, others are not taken.
  void run(const std::function<bool()>& should_stop);

 private:
  enum class Question { evaluate, gradient, jacobian, hessian };
  /// One request on its way from its connection's thread to run() and back.
  struct Job {
    const ServedModel* served;
    Question question;
    std::vector<double> u, vector;  ///< inputs; sens or vec
    std::vector<double> direction;  ///< vec of a Hessian, whose sens is `vector`
    std::vector<double> result;
    std::string failure;
    bool is_done = false;
  };
  using Jobs = std::vector<Job*>;
  HttpReply answer(const HttpRequest& request);
  HttpReply answer_question(Question question, const ServedModel& served, const std::string& body);
  void wait_for(Job& job);
  Jobs take_alike();
  static void run_batch(const Jobs& jobs);
  static model::RowStatus ask_model(const Jobs& jobs, model::ConstBatch u, model::Batch result);
  static model::RowStatus gradients(const Jobs& jobs, model::ConstBatch u, model::Batch du);
  static model::RowStatus hessians(const Jobs& jobs, model::ConstBatch u, model::Batch result);

  std::vector<ServedModel> models_;
  std::mutex mutex_;
  std::condition_variable arrived_, answered_;
  std::deque<Job*> queue_;
  bool is_draining_ = false;  // no further requests
  bool is_closed_ = false;    // nobody runs models any more
  HttpServer server_;         // last: its threads use all of the above
};

}  // namespace aleator::external
