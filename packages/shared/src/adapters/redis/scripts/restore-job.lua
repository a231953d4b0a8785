-- Writes a single job as it was before Redis was lost. Answers 1, or 0 where there is one. ARGV: see restoreJob.
return restoreJob(cjson.decode(ARGV[1]))
