#include "campaign/run/shared_reader.hpp"

#include "io/files.hpp"

namespace aleator::campaign {

std::optional<std::string> read_here(const std::string& path) {
  if (!io::file_exists(path)) return std::nullopt;
  try {
    return io::read_text_file(path);
  } catch (const core::UserError&) {
    return std::nullopt;
  }
}

deck::FileReader shared_reader(const parallel::Comm& comm) {
  return [comm](const std::string& path) -> std::optional<std::string> {
    std::optional<std::string> text;
    if (comm.is_root()) text = read_here(path);
    if (comm.any(comm.is_root() && !text)) return std::nullopt;
    std::string shared = text.value_or("");
    comm.broadcast(shared);
    return shared;
  };
}

deck::Builder::Once on_root(const parallel::Comm& comm) {
  return [comm](const std::function<std::string()>& work) {
    std::string text;
    if (comm.is_root()) text = work();
    comm.broadcast(text);
    return text;
  };
}

}  // namespace aleator::campaign
