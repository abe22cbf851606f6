<?php
// As shell.sh, for the readers in PHP: read.php phpdotenv|symfony.
require 'Dotenv/autoload.php';
require 'Symfony/Component/Dotenv/autoload.php';
$read = [
    'phpdotenv' => fn ($text) => Dotenv\Dotenv::parse($text),
    'symfony' => fn ($text) => (new Symfony\Component\Dotenv\Dotenv())->parse($text),
][$argv[1]];
while (($line = fgets(STDIN)) !== false) {
    try {
        $text = '';
        foreach ($read(file_get_contents(rtrim($line, "\n"))) as $name => $value) {
            $text .= $value === null ? '' : "$name=$value\0";
        }
        echo $text, "\1ok\0";
    } catch (Throwable) {
        echo "\1failed\0";
    }
}
