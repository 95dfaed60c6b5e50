#include "deck/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <sstream>

namespace aleator::deck {
namespace {

// Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

// The characters of a line: UTF-8 sequences, as TOML counts its columns.
std::vector<std::string> characters(const std::string& line) {
  std::vector<std::string> out;
  for (const char c : line) {
    if (out.empty() || (static_cast<unsigned char>(c) & 0xC0) != 0x80) out.emplace_back();
    out.back() += c;
  }
  return out;
}

// The line with its number and, below, a caret under `column`; tabs stay tabs, so that both lines advance alike. Of a
// long line only the surroundings are shown.
std::string quoted(const std::string& line, const Location& at, const std::string& hint) {
  constexpr std::size_t before = 80, after = 40;
  const std::vector<std::string> letters = characters(line);
  const std::size_t column = std::min(static_cast<std::size_t>(std::max(at.column, 1)) - 1, letters.size());
  const std::size_t begin = letters.size() > before + after && column > before ? column - before : 0;
  const std::size_t end = std::min(letters.size(), letters.size() > before + after ? column + after : letters.size());
  std::string shown_line = begin > 0 ? "…" : "", indent = begin > 0 ? " " : "";
  for (std::size_t i = begin; i < end; ++i) shown_line += letters[i];
  for (std::size_t i = begin; i < column; ++i) indent += letters[i] == "\t" ? "\t" : " ";
  if (end < letters.size()) shown_line += "…";
  return fmt::format("{:5} | {}\n      | {}^{}{}\n", at.line, shown_line, indent, hint.empty() ? "" : " ", hint);
}

// Keys are compared without regard to capitals and to - or _.
std::string plain(const std::string& word) {
  std::string out;
  for (const char c : word) out += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// One word holds the other whole: "iterations", "max_iterations"; "pcn", "sampler/pcn".
bool is_part(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() < b.size() ? a : b;
  const std::string& longer = a.size() < b.size() ? b : a;
  return shorter.size() >= 3 && longer.find(shorter) != std::string::npos;
}

}  // namespace

void Diagnostics::add_source(const std::string& origin, const std::string& text) {
  std::vector<std::string>& lines = sources_[origin];
  lines.clear();
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
}

void Diagnostics::error(const Location& at, const std::string& message, const std::string& hint) {
  faults_.push_back({at, message, hint});
}

std::string Diagnostics::source_line(const Location& at) const {
  const auto source = sources_.find(at.origin);
  if (source == sources_.end() || at.line < 1 || at.line > static_cast<int>(source->second.size())) return {};
  return source->second[static_cast<std::size_t>(at.line) - 1];
}

void Diagnostics::note(const Location& at, const std::string& message) {
  notes_.push_back(at.line > 0 ? fmt::format("{}:{}:{}: {}", at.origin, at.line, at.column, message)
                               : fmt::format("{}: {}", at.origin, message));
}

std::string Diagnostics::text() const {
  std::vector<Fault> sorted = faults_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return a.at.origin != b.at.origin ? a.at.origin < b.at.origin
           : a.at.line != b.at.line   ? a.at.line < b.at.line
                                      : a.at.column < b.at.column;
  });
  std::string out;
  for (const Fault& fault : sorted) {
    out += fault.at.line > 0
               ? fmt::format("{}:{}:{}: error: {}\n", fault.at.origin, fault.at.line, fault.at.column, fault.message)
               : fmt::format("{}: error: {}\n", fault.at.origin, fault.message);
    const std::string line = source_line(fault.at);
    if (!line.empty()) {
      out += quoted(line, fault.at, fault.hint);
    } else if (!fault.hint.empty()) {
      out += fmt::format("      {}\n", fault.hint);
    }
  }
  return out;
}

void Diagnostics::throw_if_any() const {
  if (has_errors())
    throw ReportedError(fmt::format("{}{} error{}; nothing was run.", text(), count(), count() == 1 ? "" : "s"));
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string wanted = plain(word);
  double best = 1.0;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    std::string a = wanted, b = plain(candidate);
    // "pnc" and "sampler/pnc" are near "sampler/pcn", "sampler/guess" is not: a common folder does not count
    const std::string folder = b.substr(0, b.rfind('/') + 1);
    if (a.rfind(folder, 0) == 0) a.erase(0, folder.size());
    if (a.find('/') == std::string::npos) b.erase(0, folder.size());
    const std::size_t distance = edit_distance(a, b), allowed = std::max<std::size_t>(1, (a.size() + 1) / 3);
    const double share = a.empty() ? 1.0 : static_cast<double>(distance) / static_cast<double>(a.size());
    if (distance <= allowed && share < best) best = share, nearest = candidate;
  }
  for (const std::string& candidate : candidates)
    if (nearest.empty() && is_part(wanted, plain(candidate))) nearest = candidate;
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

// A block that many refer to fails in each of them.
void ReportedFaults::add(const std::string& fault) {
  if (std::find(faults_.begin(), faults_.end(), fault) == faults_.end()) faults_.push_back(fault);
}

void ReportedFaults::throw_if_any() const {
  if (faults_.empty()) return;
  if (faults_.size() == 1) throw ReportedError(faults_[0]);
  const std::string ending = "1 error; nothing was run.";
  std::string text;
  for (const std::string& fault : faults_) text += fault.substr(0, fault.rfind(ending));
  throw ReportedError(text + fmt::format("{} errors; nothing was run.", faults_.size()));
}

}  // namespace aleator::deck
