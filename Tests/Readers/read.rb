# As shell.sh, for Ruby's dotenv.
require "dotenv"
STDIN.each_line do |line|
  begin
    found = Dotenv::Environment.new(line.chomp, true)
    STDOUT.write(found.map { |name, value| "#{name}=#{value}\0" }.join + "\1ok\0")
  rescue Exception
    STDOUT.write("\1failed\0")
  end
  STDOUT.flush
end
