<?php
// What an editor does in the browser, by one JSON object on standard input: {"do": ...}. Answers with JSON.
$asked = json_decode(stream_get_contents(STDIN), true, 64, JSON_THROW_ON_ERROR);
$_SERVER['HTTP_HOST'] = preg_replace('~^https?://~', '', getenv('NETRA_WP_BASE'));
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/';
define('ABSPATH', getenv('NETRA_WP_ROOT') . '/');
if ($asked['do'] === 'install') {
    define('WP_INSTALLING', true);
    $server = new mysqli('localhost', 'root', '', '', 0, getenv('NETRA_WP_SOCKET'));
    $server->query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');
}
require ABSPATH . 'wp-load.php';

function install(array $asked): int
{
    // Named before WordPress names it: the real one sends mail.
    function wp_new_blog_notification($title, $url, $user, $password) {}
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install($asked['title'], 'redaksi', 'redaksi@example.invalid', true, '', wp_generate_password(), 'id_ID');
    wp_update_user(['ID' => 1, 'display_name' => $asked['author']]);
    // "Hello world!"; the sample page stays, as it does on many a site.
    wp_delete_post(1, true);
    update_option('timezone_string', $asked['timezone']);
    global $wp_rewrite;
    $wp_rewrite->set_permalink_structure('/%year%/%monthnum%/%day%/%postname%/');
    $wp_rewrite->flush_rules(false);
    return 1;
}

function insert(array $posts): array
{
    $made = [];
    foreach ($posts as $post) {
        $id = wp_insert_post(wp_slash($post + ['post_status' => 'publish', 'post_author' => 1]), true);
        if (is_wp_error($id)) {
            throw new RuntimeException($id->get_error_message());
        }
        $made[$post['post_name']] = get_permalink($id);
    }
    return $made;
}

function edit(array $asked): string
{
    $found = get_page_by_path($asked['name'], OBJECT, 'post');
    wp_update_post(wp_slash(['ID' => $found->ID, 'post_content' => $asked['content']]));
    return get_post_modified_time('c', true, $found->ID);
}

wp_set_current_user(1);
echo json_encode(match ($asked['do']) {
    'install' => install($asked),
    'insert' => insert($asked['posts']),
    'edit' => edit($asked),
    'option' => update_option($asked['name'], $asked['value']),
}, JSON_THROW_ON_ERROR);
