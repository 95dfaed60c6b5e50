#include "campaign/rows/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "core/log.hpp"
#include "io/data_table.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

constexpr int numbers_a_column = 7;

// Statistics of columns [first, first + count), those that are this rank's to compute.
void summarise_block(const parallel::Comm& comm, const parallel::RowLayout& layout, kernels::ConstBatch columns,
                     int first, int count, std::vector<double>& mine) {
  std::vector<double> local;
  local.reserve(columns.extent(0) * static_cast<std::size_t>(count));
  for (std::size_t row = 0; row < columns.extent(0); ++row)
    local.insert(local.end(), &columns(row, first), &columns(row, first) + count);
  const std::vector<double> all = parallel::gather_rows(comm, local);
  std::vector<double> values;
  for (int k = 0; k < count; ++k) {
    if ((first + k) % comm.size() != comm.rank()) continue;
    values.clear();
    for (std::int64_t row = 0; row < layout.rows(); ++row)
      if (const double value = all[static_cast<std::size_t>(row * count + k)]; std::isfinite(value))
        values.push_back(value);
    const prob::ScalarSummary s = summarise_members(values.data(), static_cast<std::int64_t>(values.size()), 1, {});
    const bool has_spread = values.size() > 1;  // one value has no standard deviation
    for (const double x : {static_cast<double>(first + k), s.mean, has_spread ? s.sd : std::nan(""),
                           has_spread ? s.mcse : std::nan(""), s.q05, s.q50, s.q95})
      mine.push_back(x);
  }
}

// This rank's rows u = T(z) of fill(first row, z).
kernels::Batch rows_from(const prob::Prior& prior, const parallel::RowLayout& layout, const FillLatent& fill) {
  const kernels::Batch u("u", layout.local_rows(), prior.dimension());
  transform_rows(prior, layout.first(), fill, u);
  return u;
}

io::Field to_io(model::GridField&& field) {
  return {std::move(field.name), std::move(field.cells),  std::move(field.origin), std::move(field.spacing),
          field.is_at_nodes,     std::move(field.values), std::move(field.mesh)};
}

std::string head_of(const io::FieldSet& set) {
  io::Json fields = io::Json::array();
  for (const io::Field& field : set.fields)
    fields.push_back({{"name", field.name},
                      {"cells", field.cells},
                      {"origin", field.origin},
                      {"spacing", field.spacing},
                      {"at_nodes", field.is_at_nodes},
                      {"values", field.values.size()},
                      {"dimension", field.mesh == nullptr ? 0 : field.mesh->dimension},
                      {"points", field.mesh == nullptr ? 0 : field.mesh->points.size()},
                      {"corners", field.mesh == nullptr ? 0 : field.mesh->corners.size()}});
  return io::Json{{"label", set.label}, {"time", set.time}, {"fields", fields}}.dump();
}

io::FieldSet from_head(const std::string& head) {
  const io::Json json = io::Json::parse(head);
  io::FieldSet set{json.at("label"), json.at("time"), {}};
  for (const io::Json& field : json.at("fields"))
    set.fields.push_back({field.at("name"), field.at("cells"), field.at("origin"), field.at("spacing"),
                          field.at("at_nodes"), std::vector<double>(field.at("values").get<std::size_t>())});
  return set;
}

// The mesh of the field before stands for the same mesh.
void hand_mesh_to_root(const parallel::Comm& comm, int owner, std::array<std::size_t, 3> sizes, io::FieldSet& set,
                       std::size_t at) {
  io::Field& field = set.fields[at];
  if (sizes[0] == 0) return;
  int is_same = comm.rank() == owner && at > 0 && set.fields[at - 1].mesh == field.mesh ? 1 : 0;
  is_same = comm.any(is_same != 0) ? 1 : 0;
  if (is_same != 0) {
    field.mesh = set.fields[at - 1].mesh;
    return;
  }
  io::Simplices mesh{static_cast<int>(sizes[0]), std::vector<double>(sizes[1]), {}};
  std::vector<double> corners(sizes[2]);
  if (comm.rank() == owner) {
    mesh.points = field.mesh->points;
    corners.assign(field.mesh->corners.begin(), field.mesh->corners.end());
  }
  comm.broadcast(mesh.points.data(), mesh.points.size(), owner);
  comm.broadcast(corners.data(), corners.size(), owner);
  mesh.corners.assign(corners.begin(), corners.end());
  field.mesh = std::make_shared<io::Simplices>(std::move(mesh));
}

// From the rank that computed the set to rank 0; no fields: nothing to send.
void hand_to_root(const parallel::Comm& comm, int owner, io::FieldSet& set) {
  if (owner == 0) return;
  std::string head = head_of(set);
  comm.broadcast(head, owner);
  if (comm.rank() != owner) set = from_head(head);
  const io::Json fields = io::Json::parse(head).at("fields");
  for (std::size_t i = 0; i < set.fields.size(); ++i) {
    const io::Json& field = fields[i];
    hand_mesh_to_root(comm, owner, {field.at("dimension"), field.at("points"), field.at("corners")}, set, i);
    comm.broadcast(set.fields[i].values.data(), set.fields[i].values.size(), owner);
  }
}

// With the settings with which the row was sound.
std::vector<model::GridField> first_states(const model::States& states, const double* u, int retries) {
  for (int attempt = 0;; ++attempt) try {
      return states.states_again(u, attempt);
    } catch (const core::NumericsError&) {
      if (attempt == retries) throw;
    }
}

}  // namespace

kernels::Batch table_rows(const io::Table& table, const parallel::RowLayout& layout) {
  kernels::Batch u("u", layout.local_rows(), table.columns);
  for (int row = 0; row < layout.local_rows(); ++row)
    for (std::size_t k = 0; k < table.columns; ++k)
      u(row, k) = table(static_cast<std::size_t>(layout.first() + row), k);
  return u;
}

kernels::Batch draw_rows(const prob::Prior& prior, const kernels::Rng& rng, kernels::Stream stream,
                         const parallel::RowLayout& layout) {
  return rows_from(prior, layout, [&](std::int64_t first, kernels::Batch z) { rng.normals(stream, first, z); });
}

kernels::Batch design_rows(const prob::Prior& prior, const prob::Design& design, const parallel::RowLayout& layout) {
  return rows_from(prior, layout, [&](std::int64_t first, kernels::Batch z) { design.rows(first, z); });
}

std::vector<NamedSummary> summarise_columns(const parallel::Comm& comm, const parallel::RowLayout& layout,
                                            kernels::ConstBatch columns, const std::vector<std::string>& names) {
  constexpr std::int64_t memory = 1 << 26;
  const int all = static_cast<int>(columns.extent(1));
  const int at_once =
      static_cast<int>(std::clamp<std::int64_t>(memory / (8 * std::max<std::int64_t>(1, layout.rows())), 1, all));
  std::vector<double> mine;
  for (int first = 0; first < all; first += at_once)
    summarise_block(comm, layout, columns, first, std::min(at_once, all - first), mine);
  const std::vector<double> gathered = comm.all_gather(mine);
  std::vector<NamedSummary> rows(names.size());
  for (std::size_t at = 0; at + numbers_a_column <= gathered.size(); at += numbers_a_column) {
    const double* const x = &gathered[at];
    const auto k = static_cast<std::size_t>(x[0]);
    prob::ScalarSummary s{};
    s.mean = x[1], s.sd = x[2], s.mcse = x[3], s.q05 = x[4], s.q50 = x[5], s.q95 = x[6];
    rows[k] = {names[k], s};
  }
  return rows;
}

std::string statistics_json(const std::vector<NamedSummary>& rows) {
  io::Json out = io::Json::object();
  for (const NamedSummary& row : rows) {
    const prob::ScalarSummary& s = row.summary;
    out[row.name] = {{"mean", io::finite_or_null(s.mean)}, {"standard_error", io::finite_or_null(s.mcse)},
                     {"sd", io::finite_or_null(s.sd)},     {"q05", io::finite_or_null(s.q05)},
                     {"q50", io::finite_or_null(s.q50)},   {"q95", io::finite_or_null(s.q95)}};
  }
  return out.dump();
}

std::vector<io::FieldSet> fields_of_rows(const parallel::Comm& comm, const model::ForwardModel& model,
                                         const parallel::RowLayout& layout, kernels::ConstBatch u,
                                         const std::vector<std::string>& reasons, int count, int retries) {
  std::vector<io::FieldSet> sets;
  if (model.states() == nullptr) return sets;
  const auto shown = std::min<std::int64_t>(count, layout.rows());
  std::vector<io::FieldSet> all(static_cast<std::size_t>(shown));
  parallel::agree(comm, [&] {
    for (std::int64_t row = 0; row < shown; ++row) {
      if (layout.owner(row) != comm.rank()) continue;
      const auto local = static_cast<std::size_t>(row - layout.first());
      io::FieldSet& set = all[static_cast<std::size_t>(row)];
      set.label = fmt::format("row {}", row), set.time = static_cast<double>(row);
      if (!reasons[local].empty()) continue;
      try {
        for (model::GridField& field : first_states(*model.states(), &u(local, 0), retries))
          set.fields.push_back(to_io(std::move(field)));
      } catch (const core::NumericsError& error) {
        set.fields.clear();
        core::warn("no picture of row {}: {}", row, error.what());
      }
    }
  });
  for (std::int64_t row = 0; row < shown; ++row) {
    io::FieldSet& set = all[static_cast<std::size_t>(row)];
    hand_to_root(comm, layout.owner(row), set);
    if (comm.is_root() && !set.fields.empty()) sets.push_back(std::move(set));
    set = {};
  }
  return sets;
}

io::Field picture_of(const prob::FieldPart& part, const std::string& name, const double* u) {
  if (part.mesh != nullptr) return io::field_on_elements(name, part.mesh, part.owner, u + part.first);
  io::Field field{name, part.grid, std::vector<double>(part.grid.size(), 0.0), {}, false, {}};
  std::int64_t cells = 1;
  for (std::size_t d = 0; d < field.cells.size(); ++d) {
    cells *= field.cells[d];
    field.spacing.push_back(part.lengths.empty() ? 1.0 : part.lengths.at(d) / field.cells[d]);
  }
  field.is_at_nodes = cells != part.size;
  field.values.assign(u + part.first, u + part.first + part.size);
  return field;
}

io::FieldSet moments_of(const std::vector<prob::FieldPart>& parts, const std::vector<NamedSummary>& statistics,
                        bool has_sd, const std::vector<double>& mode) {
  std::vector<double> mean, sd;
  for (const NamedSummary& row : statistics) mean.push_back(row.summary.mean), sd.push_back(row.summary.sd);
  io::FieldSet moments{"all draws", 0.0, {}};
  for (const prob::FieldPart& part : parts) {
    const std::string of = parts.size() > 1 ? " of " + part.name : "";
    moments.fields.push_back(picture_of(part, "mean" + of, mean.data()));
    if (has_sd) moments.fields.push_back(picture_of(part, "sd" + of, sd.data()));
    if (!mode.empty()) moments.fields.push_back(picture_of(part, "mode" + of, mode.data()));
  }
  return moments;
}

void write_fields(const parallel::Comm& comm, const std::string& stem, const std::vector<io::FieldSet>& sets) {
  parallel::agree(comm, [&] {
    if (comm.is_writer()) io::write_fields(stem, sets);
  });
}

}  // namespace aleator::campaign
