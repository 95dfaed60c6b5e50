#pragma once
/// What      A forward model behind UM-Bridge servers: any program in any language that speaks HTTP and JSON.
/// Method    UM-Bridge protocol 1.0. The input and output vectors of the server are laid one after the other to form u and y.
///           Adjoint: du_i = sum over outputs o of Gradient(outWrt = o, inWrt = i, sens = dy_o); tangent: dy_o = sum over
///           inputs i of ApplyJacobian(outWrt = o, inWrt = i, vec = du_i); curvature: h_i = sum over o and inputs k of
///           ApplyHessian(outWrt = o, inWrt1 = i, inWrt2 = k, sens = dy_o, vec = du_k); each where ModelInfo offers it.
/// Parallel  each rank sends its own rows, to all servers of the list at once (ServerPool); a row's numbers do not depend on
///           the server that answers, if the servers compute alike. The sizes are asked for by rank 0 alone.
/// Cost      one request a row, and one more for each pair of output and input vector in a gradient. See docs/performance.md.
/// Fails     KeyError at `urls` when no server answers or speaks the protocol, at `name` when it has no such model. A row
///           fails when the server reports an error, is late, or sends what is no answer; NumericsError when all are gone.
#include <memory>

#include "deck/builder.hpp"
#include "deck/json_value.hpp"
#include "external/umbridge/pool.hpp"
#include "model/curvature.hpp"
#include "model/forward_model.hpp"
#include "model/gradient_check.hpp"

namespace aleator::external {

class UmbridgeModel : public model::ForwardModel,
                      private model::Adjoint,
                      private model::Tangent,
                      private model::Curvature {
 public:
  enum class Unreachable { stop, reject };
  struct Params {
    std::vector<std::string> urls;
    std::string name;
    deck::JsonObject config;
    int slots = 1;
    double timeout_seconds = 3600.0;
    double connect_seconds = 5.0;
    int retries = 2;
    double wait_seconds = 60.0;
    Unreachable unreachable = Unreachable::stop;
    std::vector<std::string> input_names, output_names;
  };
  /// What a server says of the model: the same from all of a pool.
  struct Description {
    std::string name;
    std::vector<int> input_sizes, output_sizes;
    bool has_gradient = false, has_jacobian = false, has_hessian = false;
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<UmbridgeModel> make(const Params& params, deck::Builder& builder);
  UmbridgeModel(const Params& params, Description description);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  int rows_at_once() const override { return rows_at_once_; }
  bool may_throw() const override { return unreachable_ == Unreachable::stop; }
  const model::Adjoint* adjoint() const override { return description_.has_gradient ? this : nullptr; }
  const model::Tangent* tangent() const override { return description_.has_jacobian ? this : nullptr; }
  const model::Curvature* curvature() const override { return description_.has_hessian ? this : nullptr; }

 private:
  using RowWork = std::function<void(int row, PoolConnection&)>;
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  model::RowStatus apply_hessian(model::ConstBatch u, model::ConstBatch dy, model::ConstBatch du,
                                 model::Batch h) const override;
  model::RowStatus run(model::ConstBatch u, model::Batch result, const RowWork& work) const;
  void ask_value(PoolConnection& server, const double* u, double* y) const;
  void ask_gradient(PoolConnection& server, const double* u, const double* dy, double* du) const;
  void ask_jacobian(PoolConnection& server, const double* u, const double* du, double* dy) const;
  void ask_hessian(PoolConnection& server, const double* u, const double* dy, const double* du, double* h) const;
  std::string input_text(const double* u) const;
  static void add_answer(PoolConnection& server, const char* path, const std::string& body, int size, double* sum);

  Unreachable unreachable_;
  int rows_at_once_;
  Description description_;
  model::Shape shape_;
  std::string head_;  // {"name":"…","config":{…}
  mutable ServerPool pool_;
  mutable model::GradientCheck check_, tangent_check_;
  mutable model::CurvatureCheck curvature_check_;
};

}  // namespace aleator::external
