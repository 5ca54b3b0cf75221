import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

/** Text in both languages, side by side. */
export function Both({
  name,
  label,
  extra,
  rows,
}: {
  name: (string | number)[]
  label: string
  extra?: string
  rows?: number
}) {
  const { t } = useTranslation()
  const input = rows ? <Input.TextArea rows={rows} /> : <Input />
  return (
    <div className="two">
      {['zh', 'en'].map((language) => (
        <Form.Item
          key={language}
          name={[...name, language]}
          label={`${label} (${t(`language.${language}`)})`}
          extra={language === 'zh' ? extra : undefined}
        >
          {input}
        </Form.Item>
      ))}
    </div>
  )
}
