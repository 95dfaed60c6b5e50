#include "assimilation/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>

#include "core/error.hpp"

namespace aleator::assimilation {

std::string Cycle::label() const { return fmt::format("cycle {} (t = {:.6g})", number + 1, interval.to); }

void Statistics::draw(const kernels::Rng& rng, kernels::Stream stream, int row, const double* mean, double* x) const {
  if (!initial_perturbation) {
    const int d = static_cast<int>(initial_sd.size());
    rng.row_of_normals(stream, row, x, d);
    for (int i = 0; i < d; ++i) x[i] = mean[i] + initial_sd[i] * x[i];
    return;
  }
  std::vector<double> z(static_cast<std::size_t>(initial_perturbation->latent_dimension()));
  rng.row_of_normals(stream, row, z.data(), static_cast<int>(z.size()));
  initial_perturbation->to_parameters(z.data(), x);
  for (int i = 0; i < initial_perturbation->dimension(); ++i) x[i] += mean[i];
}

Experiment::Experiment(const model::StateSpace& model, Statistics statistics, const parallel::Comm& comm)
    : model_(model), statistics_(std::move(statistics)), comm_(comm), layout_(statistics_.replicates, comm) {
  is_spread_ = comm.size() > 1 && layout_.blocks() >= comm.size();  // else some rank would have none
  first_ = is_spread_ ? static_cast<int>(layout_.first()) : 0;
  count_ = is_spread_ ? layout_.local_rows() : statistics_.replicates;
  if (is_spread_ || comm.size() == 1) sharing_ = Sharing::off;
}

Experiment::Experiment(const model::StateSpace& model, Statistics statistics, Own own)
    : model_(model),
      statistics_(std::move(statistics)),
      comm_(parallel::Comm::self()),
      layout_(static_cast<std::int64_t>(own.seeds.size()), comm_),
      is_spread_(false),
      first_(0),
      count_(static_cast<int>(own.seeds.size())),
      sharing_(Sharing::off),
      own_(std::move(own)),
      lost_(own_.seeds.size()),
      failures_(own_.seeds.size()) {
  statistics_.replicates = count_;
}

namespace {

std::vector<double> scaled(std::vector<double> sd, const std::vector<double>& scales, int replicate) {
  if (!scales.empty())
    for (double& value : sd) value *= scales[static_cast<std::size_t>(replicate)];
  return sd;
}

}  // namespace

std::vector<double> Experiment::noise_sd(int replicate) const {
  return scaled(statistics_.noise_sd, own_.noise_scale, replicate);
}

std::vector<double> Experiment::model_noise_sd(int replicate) const {
  return scaled(statistics_.model_noise_sd, own_.model_noise_scale, replicate);
}

// Each replicate's inputs for each of its members.
ConstBatch Experiment::inputs_of(int rows_each) const {
  const Batch u = kernels::new_batch(static_cast<std::size_t>(count_) * rows_each, own_.inputs.extent_int(1));
  for (std::size_t row = 0; row < u.extent(0); ++row)
    for (std::size_t k = 0; k < u.extent(1); ++k) u(row, k) = own_.inputs(row / rows_each, k);
  return u;
}

void Experiment::run(model::Interval interval, double* x, int rows) const {
  const model::RowStatus status = model_.advance(interval, ConstBatch(), Batch(x, rows, states()));
  if (!status.ok()) last_failure_ = status.failed.front().reason;
}

void Experiment::advance(model::Interval interval, double* x, int rows_each) const {
  const int rows = count_ * rows_each, d = states();
  model_runs_ += rows;
  if (is_of_rows()) {
    for (const model::FailedRow& failed : model_.advance(interval, inputs_of(rows_each), Batch(x, rows, d)).failed)
      failures_[static_cast<std::size_t>(failed.row / rows_each)] = failed.reason;
    return;
  }
  const auto move = [&](int first, int count) { run(interval, x + static_cast<std::ptrdiff_t>(first) * d, count); };
  if (sharing_ == Sharing::on) {
    const parallel::RowLayout layout(rows, comm_);
    const int first = static_cast<int>(layout.first()), count = layout.local_rows();
    move(first, count);
    const double* const mine = x + static_cast<std::ptrdiff_t>(first) * d;
    const std::vector<double> all =
        parallel::gather_rows(comm_, std::vector<double>(mine, mine + static_cast<std::ptrdiff_t>(count) * d));
    std::copy(all.begin(), all.end(), x);
    return;
  }
  const auto before = std::chrono::steady_clock::now();
  move(0, rows);
  if (sharing_ == Sharing::off) return;
  constexpr double worth_sharing = 2e-4;  // seconds: ten times what ranks of one node take to gather a small ensemble
  double seconds[1] = {std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count()};
  comm_.whole().broadcast(seconds, 1);  // the ranks of a domain must agree as well
  sharing_ = seconds[0] > worth_sharing ? Sharing::on : Sharing::off;
}

void Experiment::add_noise(int cycle, double* x, int rows_each, int first_row) const {
  if (statistics_.model_noise_sd.empty()) return;
  const int d = states();
  each_replicate(
      [&](int r) {
        const std::vector<double> sd = model_noise_sd(r);
        const Batch xi = kernels::new_batch(static_cast<std::size_t>(rows_each), d);
        rng(r).normals({Purpose::model_noise, cycle}, first_row, xi);
        double* const own = x + static_cast<std::ptrdiff_t>(r) * rows_each * d;
        for (int j = 0; j < rows_each; ++j)
          for (int i = 0; i < d; ++i) own[static_cast<std::ptrdiff_t>(j) * d + i] += sd[i] * xi(j, i);
      },
      std::int64_t{10} * d * rows_each);
}

void Experiment::draw_initial(int replicate, int row, double* x) const {
  const double* const mean = is_of_rows() ? &own_.initial_mean(replicate, 0) : statistics_.initial_mean.data();
  statistics_.draw(rng(replicate), {Purpose::initial}, row, mean, x);
}

void Experiment::observe(const double* x, double* y) const {
  if (density() != nullptr) return std::fill_n(y, observables(), std::numeric_limits<double>::quiet_NaN()), void();
  for (int k = 0; k < observables(); ++k) {
    y[k] = 0.0;
    for (const auto& [i, weight] : info().observed[k].weights) y[k] += weight * x[i];
  }
}

void Experiment::each_replicate(const std::function<void(int)>& all_work, std::int64_t operations) const {
  const auto work = [&](int r) {
    if (!is_of_rows()) return all_work(r);
    const auto at = static_cast<std::size_t>(r);
    if (!lost_[at].empty()) return;
    try {
      all_work(r);
    } catch (const core::NumericsError& error) {
      const std::string what = error.what();
      const bool is_open = what.size() > 2 && what.compare(what.size() - 2, 2, ": ") == 0;  // for the model's own words
      lost_[at] = what + (is_open || failures_[at].empty() ? "" : ": ") + failures_[at];
    }
  };
  constexpr std::int64_t worth_a_team = 50000;
  if (count_ * operations < worth_a_team || count_ == 1) {
    for (int r = 0; r < count_; ++r) work(r);
    return;
  }
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count_));
  const auto guarded = [&](int r) {
    try {
      work(r);
    } catch (...) {
      errors[static_cast<std::size_t>(r)] = std::current_exception();
    }
  };
  kernels::for_each_row(count_, guarded);
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

void Experiment::fields(io::Archive& archive, const std::string& name, std::vector<double>& values, int width) const {
  const int first = is_spread_ ? 0 : static_cast<int>(layout_.first());
  Batch rows("rows of a checkpoint", layout_.local_rows(), width);
  if (!archive.is_loading())
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(first) * width, rows.size(), rows.data());
  archive.rows(name, layout_, rows);
  if (!archive.is_loading()) return;
  values.assign(rows.data(), rows.data() + rows.size());
  if (!is_spread_) values = parallel::gather_rows(comm_, values);
}

std::vector<double> Experiment::gather(const std::vector<double>& values) const {
  return is_spread_ ? parallel::gather_rows(comm_, values) : values;
}

}  // namespace aleator::assimilation
