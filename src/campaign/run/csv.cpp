#include "campaign/run/csv.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aleator::campaign {

std::string csv_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, "\"");
  return "\"" + text + "\"";
}

std::string csv_number(double value) { return std::isnan(value) ? "nan" : fmt::format("{:.17g}", value); }

std::string csv_name(const std::string& name) {
  return name.find_first_of(",\"\r\n") == std::string::npos ? name : csv_quoted(name);
}

std::string gather_text(const parallel::Comm& comm, const std::string& mine) {
  std::string all = comm.is_root() ? mine : std::string();
  for (int rank = 1; rank < comm.size(); ++rank) {
    std::string part = comm.rank() == rank ? mine : std::string();
    comm.broadcast(part, rank);
    if (comm.is_root()) all += part;
  }
  return all;
}

}  // namespace aleator::campaign
