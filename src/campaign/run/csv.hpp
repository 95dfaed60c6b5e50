#pragma once
/// What      Text tables of results, shared by the jobs that write one line a row.
/// Method    Numbers with 17 digits, words that need it in quotes (RFC 4180).
/// Parallel  gather_text is collective; the others are local.
/// Cost      linear in the text; gather_text holds the whole on rank 0 only.
/// Fails     never.
#include <string>

#include "parallel/comm.hpp"

namespace aleator::campaign {

/// In quotes, inner ones doubled.
std::string csv_quoted(std::string text);
/// "nan" whatever its sign, which says nothing.
std::string csv_number(double value);
/// A column's name, in quotes where it holds a comma.
std::string csv_name(const std::string& name);
/// The ranks' texts one after the other, on rank 0; elsewhere empty.
std::string gather_text(const parallel::Comm& comm, const std::string& mine);

}  // namespace aleator::campaign
