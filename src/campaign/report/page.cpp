#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/report.hpp"
#include "campaign/report/style.hpp"
#include "campaign/report/tables.hpp"
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {
namespace {

struct Section {
  std::string id, title, body;
};

std::string method_words(const MethodRun& run) {
  std::string out = "<b>" + escape_html(run.name.empty() ? "an unnamed sampler" : run.name) + "</b>";
  if (!run.component.empty()) out += fmt::format(" (<code>{}</code>)", escape_html(run.component));
  return out;
}

// "64 parameters were inferred from 169 data with mala (sampler/mala): 4 chains of 5 000 draws, 20 400 model
// evaluations, in 2 min 10 s."
std::string headline_sentence(const ReportData& data) {
  const MethodRun& run = data.main;
  const int dimension = run.dimension > 0 ? run.dimension : static_cast<int>(run.parameters.size());
  const double m = data.data_count > 0 ? data.data_count : static_cast<double>(data.observed.size());
  std::string out = fmt::format("{} {} inferred", plural(dimension, "parameter"), dimension == 1 ? "was" : "were");
  if (m > 0) out += fmt::format(" from {} {}", count(m), m == 1 ? "datum" : "data");
  out += " with " + method_words(run);
  std::string effort;
  const auto add = [&effort](const std::string& text) { effort += (effort.empty() ? "" : ", ") + text; };
  const int draws = run.draws_made > 0 ? run.draws_made : run.draws;
  if (draws > 0) {
    if (run.kind == "chains") {
      add(fmt::format("{} of {}", plural(run.chains, "chain"), plural(draws, "draw")));
    } else {
      const std::string members = plural(draws, run.kind == "particles" ? "particle" : "ensemble member");
      add(run.chains > 1 ? fmt::format("{} of {}", plural(run.chains, "repeat"), members) : members);
    }
  }
  if (std::isfinite(run.model_evaluations)) add(plural(run.model_evaluations, "model evaluation"));
  if (std::isfinite(run.wall_time_seconds)) add("in " + duration(run.wall_time_seconds));
  return out + (effort.empty() ? "." : ": " + effort + ".");
}

std::string head_of_page(const ReportData& data) {
  std::string meta;
  const auto add = [&meta](const std::string& text) {
    if (!text.empty()) meta += (meta.empty() ? "" : " &nbsp;·&nbsp; ") + text;
  };
  add(escape_html(data.date));
  if (!data.program_version.empty()) add("Aleator " + escape_html(data.program_version));
  if (!data.git_hash.empty()) add(fmt::format("<code>{}</code>", escape_html(data.git_hash)));
  add(fmt::format("{}, {} each", plural(data.ranks, "rank"), plural(data.threads, "thread")));
  return fmt::format(
      "<header class=\"top\"><p class=\"kicker\">{}</p><h1>{}</h1><p class=\"headline\">{}</p><p "
      "class=\"meta\">{}</p></header>",
      escape_html(data.deck_path), escape_html(data.title.empty() ? "Run report" : data.title), headline_sentence(data),
      meta);
}

const char* level_word(Level level) {
  switch (level) {
    case Level::good:
      return "good";
    case Level::unknown:
      return "not judged";
    case Level::caution:
      return "caution";
    case Level::biased:
      return "biased";
    case Level::bad:
      return "bad";
  }
  return "";
}

std::string verdict_box(const Verdict& verdict) {
  std::string out =
      fmt::format("<div class=\"verdict {}\" id=\"verdict\" role=\"status\"><h2>{}</h2><p>{}</p><dl>",
                  level_class(verdict.level), escape_html(verdict.headline), escape_html(verdict.summary));
  for (const Check& check : verdict.checks) {
    out += fmt::format("<dt>{}</dt><dd><span class=\"tag {}\">{}</span></dd><dd class=\"{}\">{}",
                       escape_html(check.what), level_class(check.level), level_word(check.level),
                       level_class(check.level), escape_html(check.found));
    if (!check.advice.empty()) out += fmt::format("<span class=\"advice\">{}</span>", escape_html(check.advice));
    out += "</dd>";
  }
  return out + "</dl></div>";
}

std::string tile(const std::string& value, const std::string& label, Level level = Level::good) {
  return fmt::format("<div class=\"tile {}\"><b>{}</b><span>{}</span></div>", level_class(level), value, label);
}

std::string key_numbers(const MethodRun& run) {
  const double rhat = extreme_of(run, &ParameterRow::rhat, 1).value,
               bulk = extreme_of(run, &ParameterRow::ess_bulk, -1).value,
               tail = extreme_of(run, &ParameterRow::ess_tail, -1).value;
  std::string out = "<div class=\"tiles\">";
  const bool has_mixing = run.kind == "chains";
  if (has_mixing || std::isfinite(rhat)) out += tile(number(rhat, 4), "largest R-hat", rhat_level(rhat));
  if (has_mixing || std::isfinite(bulk)) out += tile(count(bulk), "smallest bulk ESS", ess_level(bulk));
  if (has_mixing || std::isfinite(tail)) out += tile(count(tail), "smallest tail ESS", ess_level(tail));
  if (std::isfinite(run.acceptance)) out += tile(percent(run.acceptance), "acceptance");
  if (std::isfinite(run.log_evidence)) {
    const bool has_error = std::isfinite(run.log_evidence_standard_error);
    out += tile(number(run.log_evidence, 4) + (has_error ? " ± " + number(run.log_evidence_standard_error, 1) : ""),
                "log evidence");
  }
  out += tile(count(run.model_evaluations), "model evaluations");
  if (std::isfinite(run.wall_time_seconds)) out += tile(duration(run.wall_time_seconds), "wall time");
  if (std::isfinite(bulk) && run.model_evaluations > 0)
    out += tile(number(1000 * bulk / run.model_evaluations), "ESS per 1000 evaluations");
  if (std::isfinite(bulk) && run.wall_time_seconds > 0)
    out += tile(number(bulk / run.wall_time_seconds), "ESS per second");
  if (std::isfinite(run.error)) out += tile(number(run.error, 2), "relative squared error e");
  return out + "</div>";
}

std::string paragraphs(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    const std::string words = text.substr(at, end - at);
    if (words.find_first_not_of(" \n\t") != std::string::npos) out += "<p>" + escape_html(words) + "</p>";
    at = end + 2;
  }
  return out;
}

std::string figure_html(const Figure& figure) {
  if (!figure.has_data) return "";
  std::string out = fmt::format("<figure id=\"{}\"><h3>{}</h3>", figure.id, escape_html(figure.title));
  if (figure.pictures.empty()) {
    out += "<p class=\"notice\">This picture could not be drawn; see the note at the top of the page.</p>";
  } else {
    out += fmt::format("<div class=\"pictures {}\">", figure.layout);
    for (const std::string& picture : figure.pictures) out += picture;
    out += "</div>";
  }
  return out + fmt::format("<figcaption>{}</figcaption></figure>\n", escape_html(figure.caption));
}

std::string fact(const std::string& name, const std::string& value, bool is_code) {
  if (value.empty()) return "";
  const char* tag = is_code ? "code" : "span";
  return fmt::format("<dt>{0}</dt><dd><{2}>{1}</{2}></dd>", name, escape_html(value), tag);
}

std::string reproduce(const ReportData& data) {
  std::string out = "<div class=\"card\"><dl class=\"facts\">";
  out += fact("Command", data.command, true) + fact("Deck", data.deck_path, true) +
         fact("Version", data.program_version, false) + fact("Git commit", data.git_hash, true) +
         fact("Date", data.date, false) +
         fact("Run on", fmt::format("{}, {} each", plural(data.ranks, "rank"), plural(data.threads, "thread")), false);
  out += "</dl>";
  if (!data.resolved_deck.empty()) {
    out += fmt::format(
        "<details><summary>The resolved deck: every value, defaults included</summary><pre>{}</pre></details>",
        escape_html(data.resolved_deck));
  }
  return out + "</div>";
}

std::vector<Section> all_sections(const ReportData& data, Gnuplot& gnuplot) {
  std::vector<Section> sections;
  const auto add = [&sections](const char* id, const char* title, std::string body) {
    if (!body.empty()) sections.push_back({id, title, std::move(body)});
  };
  const std::string problem = paragraphs(data.problem_text);
  add("problem", "Problem", problem.empty() ? "" : "<div class=\"card prose\">" + problem + "</div>");
  add("posterior", "Posterior", figure_html(field_figure(data, gnuplot)) + figure_html(interval_figure(data, gnuplot)));
  add("marginal-distributions", "Marginals",
      figure_html(joint_figure(data, gnuplot)) + figure_html(marginal_figure(data, gnuplot)));
  add("fit", "Fit", figure_html(data_fit_figure(data, gnuplot)));
  add("convergence", "Convergence",
      figure_html(trace_figure(data, gnuplot)) + figure_html(rank_figure(data, gnuplot)) +
          figure_html(autocorrelation_figure(data, gnuplot)) + figure_html(history_figure(data, gnuplot)));
  std::string cost = figure_html(comparison_figure(data, gnuplot));
  if (!cost.empty() || !data.comparisons.empty()) cost += comparison_table(data);
  add("cost", "Cost", std::move(cost));
  add("parameters", "Parameters", data.main.parameters.empty() ? "" : parameter_table(data));
  add("reproduce", "Reproduce", reproduce(data));
  return sections;
}

}  // namespace

std::string render_html(const ReportData& data, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  const std::vector<Section> sections = all_sections(data, gnuplot);
  std::string links = "<a href=\"#verdict\">Verdict</a>", body;
  for (const Section& s : sections) {
    links += fmt::format("<a href=\"#{}\">{}</a>", s.id, s.title);
    body += fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", s.id, s.title, s.body);
  }
  std::string notice;
  if (!gnuplot.problem().empty()) {
    notice = fmt::format(
        "<p class=\"notice\"><b>Some or all plots are missing.</b> They are drawn by gnuplot: {}. The tables are "
        "complete.</p>",
        escape_html(gnuplot.problem()));
  }
  const std::string title = escape_html(data.title.empty() ? "Run report" : data.title);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} · "
      "Aleator</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<div class=\"wrap\">{}</div>\n<nav aria-label=\"Sections\"><div class=\"wrap\">{}</div></nav>\n"
      "<main class=\"wrap\">{}{}{}\n{}<footer>Written by Aleator. Thresholds: R-hat below 1.01 and effective sample "
      "sizes of 400 or more are good; "
      "R-hat of 1.05 or more, or fewer than 100, is not "
      "enough.</footer></main>\n<script>{}</script>\n</body>\n</html>\n",
      title, page_style, head_of_page(data), links, notice, verdict_box(judge(data)), key_numbers(data.main), body,
      page_script);
}

}  // namespace aleator::campaign::report
