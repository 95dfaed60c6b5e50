#pragma once
/// What      Many rows of parameters at once: read or drawn from a prior, summarised, looked at; row_run.hpp computes them.
/// Method    Rows are shared out to the ranks. A quantity's statistics are computed on one rank from all its values in the
///           order of the rows.
/// Parallel  collective where a Comm or a JobContext is taken; numbers do not depend on the ranks.
/// Cost      statistics: one exchange of the values, in pieces of 64 MB.
/// Fails     UserError for a table of another width.
#include <string>
#include <vector>

#include "campaign/rows/row_run.hpp"
#include "campaign/sampling/summary.hpp"
#include "io/fields.hpp"
#include "io/files.hpp"
#include "kernels/random.hpp"
#include "model/forward_model.hpp"
#include "parallel/row_layout.hpp"
#include "prob/design.hpp"
#include "prob/prior/field_parts.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

/// This rank's rows of the table.
kernels::Batch table_rows(const io::Table& table, const parallel::RowLayout& layout);
/// This rank's rows of a design: u = T(z), row by row.
kernels::Batch design_rows(const prob::Prior& prior, const prob::Design& design, const parallel::RowLayout& layout);
/// This rank's rows of a sample of the prior: u = T(z) with z ~ N(0, I) of the given stream, row by row.
kernels::Batch draw_rows(const prob::Prior& prior, const kernels::Rng& rng, kernels::Stream stream,
                         const parallel::RowLayout& layout);

/// Of every column, over the rows in which it is finite; on every rank.
std::vector<NamedSummary> summarise_columns(const parallel::Comm& comm, const parallel::RowLayout& layout,
                                            kernels::ConstBatch columns, const std::vector<std::string>& names);
/// {"name": {mean, standard_error, sd, q05, q50, q95}, …} as JSON text of an object.
std::string statistics_json(const std::vector<NamedSummary>& rows);

/// The model's fields at the first `count` rows, without failed ones; of rows that were sound at one of the `retries` with the
/// settings of that one. On rank 0.
std::vector<io::FieldSet> fields_of_rows(const parallel::Comm& comm, const model::ForwardModel& model,
                                         const parallel::RowLayout& layout, kernels::ConstBatch u,
                                         const std::vector<std::string>& reasons, int count, int retries = 0);
/// Parameters that are a field, on a grid or a mesh.
io::Field picture_of(const prob::FieldPart& part, const std::string& name, const double* u);
/// Mean of each part, sd where asked for, and the parameters `mode` of largest density if there are any.
io::FieldSet moments_of(const std::vector<prob::FieldPart>& parts, const std::vector<NamedSummary>& statistics,
                        bool has_sd, const std::vector<double>& mode = {});

/// Writes stem.h5 and stem.xdmf from rank 0.
void write_fields(const parallel::Comm& comm, const std::string& stem, const std::vector<io::FieldSet>& sets);

}  // namespace aleator::campaign
